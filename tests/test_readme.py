"""The READMEs and the change list stay true."""

import json
import re
import tomllib
from pathlib import Path

import pytest

import assistant_nb
from assistant_nb import cli, course
from assistant_nb.choices import Given

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "assistant_nb"
README = (ROOT / "README.md").read_text(encoding="utf-8")
MAP = (PACKAGE / "README.md").read_text(encoding="utf-8")
ENGINE = (PACKAGE / "engine/README.md").read_text(encoding="utf-8")
TEACHING = (ROOT / "notebooks/README.md").read_text(encoding="utf-8")
PAGES = (
    "README.md",
    "assistant_nb/README.md",
    "assistant_nb/engine/README.md",
    "notebooks/README.md",
    "tests/README.md",
)
LONGEST = 1200


def test_every_public_name_is_in_the_readme() -> None:
    assert [name for name in assistant_nb.__all__ if f"anb.{name}(" not in README] == []


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_somewhere(page: str) -> None:
    links = re.findall(r"\]\(([^)#]+)\)", (ROOT / page).read_text(encoding="utf-8"))
    here = (link for link in links if not link.startswith("https://"))
    assert [link for link in here if not ((ROOT / page).parent / link).exists()] == []


def test_the_front_door_is_short_and_has_every_lesson() -> None:
    assert len(README.split()) <= LONGEST
    assert set(re.findall(r"\(notebooks/(\d\w+\.ipynb)\)", README)) == {path.name for path in course.lessons()}


def test_every_choice_is_explained_and_no_other() -> None:
    assert set(re.findall(r"^\| `(\w+)=", ENGINE, re.MULTILINE)) | {"api_key"} == set(Given.__annotations__)


@pytest.mark.parametrize("page", [README, TEACHING])
def test_pages_name_commands_and_choices_that_exist(page: str) -> None:
    commands = set(re.findall(r"assistant-nb ([\w-]+)", page))
    assert [name for name in commands if not hasattr(cli, name.replace("-", "_")) and name != "store"] == []
    starts = re.findall(r"anb\.start\((.*)\)", page)
    assert {name for start in starts for name in re.findall(r"(\w+)=", start)} <= set(Given.__annotations__)


def test_every_module_is_on_the_map_in_the_table_of_its_package() -> None:
    named = set[str]()
    for section in MAP.split("## All modules")[1].split("\n### ")[1:]:
        heading, *rows = section.splitlines()
        folder = found[1] if (found := re.match(r"`([^`]+/)`", heading)) else ""
        named |= {folder + row[1] for line in rows if (row := re.match(r"\| `([^`]+)` \|", line))}
    files = {path for path in PACKAGE.rglob("*.*") if path.suffix in (".py", ".js") and "notebooks" not in path.parts}
    modules = {path for path in files if path.name not in ("__init__.py", "temml.min.js")}
    assert named == {path.relative_to(PACKAGE).as_posix() for path in modules}


def test_what_the_map_points_at_is_there() -> None:
    pointed = re.findall(r"^\| [^|]+ \| `([^`]+)` \| ([^|]+) \|$", MAP, re.MULTILINE)
    added = re.findall(r"^\d\. [^`]*`([^`]+\.(?:py|js))`: (.*)", MAP, re.MULTILINE)
    assert len(pointed) > 40 and len(added) == 13
    for path, text in pointed + added:
        code = (PACKAGE / path).read_text(encoding="utf-8")
        assert [name for name in re.findall(r"`([^`]+)`", text) if name not in code] == [], path


def test_to_add_something_takes_at_most_four_modules() -> None:
    for recipe in re.split(r"\n(?=1\. )", MAP)[1:]:
        steps = re.match(r"(?:\d\..*\n(?: .*\n)*)+", recipe)
        assert steps and len(re.findall(r"^\d\.[^`]*`[^`]+\.(?:py|js)`", steps[0], re.MULTILINE)) <= 4


def test_every_command_is_in_the_readme() -> None:
    for name in ("lab", "run", "check", "new-lesson", "record", "handout", "site", "serve", "doctor", "store"):
        assert f"\nassistant-nb {name} " in README
        assert f"`assistant-nb {name} " in TEACHING


def test_the_page_at_pypi_has_the_pictures_of_the_repository() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    hook = project["tool"]["hatch"]["metadata"]["hooks"]["fancy-pypi-readme"]
    [link] = hook["substitutions"]
    assert hook["fragments"] == [{"path": "README.md"}]
    assert link["replacement"].startswith("](https://") and link["replacement"].endswith("/")
    page = re.sub(link["pattern"], link["replacement"], README)
    targets = [target.partition("#")[0] for target in re.findall(r"\]\(([^)]+)\)", page)]
    own = [target.removeprefix(link["replacement"][2:]) for target in targets]
    assert all(target.startswith("https://") for target in targets)
    assert [name for name in own if not (name.startswith("https://") or (ROOT / name).exists())] == []
    assert "notebooks/images/run_stepper.png" in own


def test_binder_and_codespaces_install_what_the_readme_does() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    python = re.fullmatch(r"python-3\.(\d+)\n", (ROOT / ".binder/runtime.txt").read_text(encoding="utf-8"))
    container = json.loads((ROOT / ".devcontainer/devcontainer.json").read_text(encoding="utf-8"))
    assert (ROOT / ".binder/requirements.txt").read_text(encoding="utf-8") == ".[lab]\n"
    assert container["postCreateCommand"] == "pip install '.[lab]'"
    assert "lab" in project["optional-dependencies"]
    assert python and int(python[1]) >= int(project["requires-python"].removeprefix(">=3."))
    assert container["image"].endswith(f":3.{python[1]}")


def test_the_change_list_begins_with_this_version() -> None:
    newest = re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert newest and newest[1] == assistant_nb.__version__


def test_the_recording_in_the_readme_can_be_replayed(tmp_path: Path) -> None:
    header, *exchange = re.findall(r"```json\n(.*?)```", ENGINE, re.DOTALL)[0].strip().splitlines()
    (tmp_path / "mine.jsonl").write_text(f"{header}\n{''.join(exchange)}\n", encoding="utf-8")
    client = assistant_nb.connect(recording=tmp_path / "mine.jsonl")
    assistant = client.beta.assistants.create(model="gpt-4", instructions="Be brief.")
    run = client.beta.threads.create_and_run_poll(
        assistant_id=assistant.id, thread={"messages": [{"role": "user", "content": "2 + 2?"}]}
    )
    assert run.status == "completed"


def test_every_licence_is_among_the_licence_files_of_the_wheel() -> None:
    files = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["license-files"]
    found = [*ROOT.glob("LICENSE"), *(ROOT / "assistant_nb").rglob("*LICENSE*")]
    assert sorted(files) == sorted(path.relative_to(ROOT).as_posix() for path in found)
