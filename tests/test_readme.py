"""README and change list stay true."""

import re
import tomllib
from pathlib import Path

import assistant_nb
from assistant_nb import cli, course

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_public_name_is_in_the_readme() -> None:
    assert [name for name in assistant_nb.__all__ if f"anb.{name}(" not in README] == []


def test_every_lesson_is_in_the_readme_and_every_link_leads_somewhere() -> None:
    links = re.findall(r"\]\(([^)]+)\)", README)
    assert [link for link in links if not (ROOT / link).exists()] == []
    assert {Path(link).name for link in links if link.endswith(".ipynb")} == {path.name for path in course.lessons()}


def test_every_module_is_on_the_map() -> None:
    package = ROOT / "assistant_nb"
    files = [path.relative_to(package) for path in package.rglob("*.py") if path.name not in ("__init__.py", "base.py")]
    missing = [path for path in files if path.name not in README and f"`{path.parent}/`" not in README]
    assert missing == []


def test_every_command_is_in_the_readme() -> None:
    for name in ("lab", "run", "check", "record", "serve"):
        assert callable(getattr(cli, name))
        assert f"`assistant-nb {name} " in README


def test_the_change_list_begins_with_this_version() -> None:
    newest = re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert newest and newest[1] == assistant_nb.__version__


def test_the_recording_in_the_readme_can_be_replayed(tmp_path: Path) -> None:
    header, *exchange = re.findall(r"```json\n(.*?)```", README, re.DOTALL)[0].strip().splitlines()
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
