"""The house's walls: imports run one way, and every outside library has one home."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import assistant_nb
from tests.until import PATIENCE_S

PACKAGE = Path(assistant_nb.__file__).parent
MODULES = {
    ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__"): path
    for path in PACKAGE.rglob("*.py")
}

# From the foundation up. A module imports only from floors below its own.
FLOORS = [
    ["keys", "machine", "texts", "engine.errors", "engine.ids", "engine.params", "engine.files"],
    ["engine.run_states", "engine.params.fields"],
    ["engine.params.assistants"],
    ["engine.params.lab", "engine.params.files", "engine.params.chat"],
    ["engine.params.responses"],
    ["engine.files.file_objects"],
    ["engine.parts"],
    ["engine.objects"],
    [
        "engine.entries",
        "engine.wire",
        "engine.contents",
        "engine.damage",
        "engine.model.address",
        "engine.schema",
        "engine",
        "engine.model",
        "engine.api",
        "engine.api.responses",
        "engine.responses",
        "engine.runs",
        "engine.tools",
        "sandbox",
        "sandbox.channels",
        "sandbox.canaries",
        "sandbox.libc",
        "sandbox.errors",
        "sandbox.limits",
        "sandbox.macos",
        "sandbox.seccomp",
    ],
    [
        "engine.deltas",
        "engine.http_rules",
        "engine.model.base",
        "engine.model.endpoint_errors",
        "sandbox.landlock",
    ],
    [
        "engine.model.transport",
        "engine.model.relay",
        "engine.model.faults",
        "engine.model.fallback",
        "engine.model.human",
        "engine.model.filling",
        "engine.model.fingerprint",
        "engine.model.sums",
        "engine.journal",
        "engine.prompt_texts",
        "engine.api.sse",
        "engine.api.azure",
        "engine.api.v1",
        "engine.api.refusals",
        "engine.files.blobs",
        "engine.files.readers",
        "engine.files.retrieval",
        "engine.runs.citations",
        "engine.tools.base",
        "engine.model.chat",
        "engine.model.budget",
        "sandbox.launcher",
        "sandbox.outputs",
        "sandbox.rooms",
        "sandbox.disk",
        "sandbox.channels.zmtp",
        "sandbox.channels.messages",
    ],
    [
        "engine.runs.prompt",
        "engine.journals",
        "engine.api.completions",
        "engine.model.practice",
        "engine.responses.chains",
        "engine.responses.wire",
        "sandbox.launch",
        "sandbox.collect",
        "sandbox.channels.line",
    ],
    ["engine.runs.seat", "engine.responses.turns", "engine.responses.request"],
    ["engine.runs.stepping", "sandbox.layers", "sandbox.process"],
    ["engine.runs.prefixes", "sandbox.execution"],
    [
        "engine.store",
        "engine.model.recorded",
        "engine.model.scripted",
        "engine.model.live",
    ],
    ["sandbox.kernel", "sandbox.plain"],
    ["engine.files.vectors", "engine.model.recorder", "engine.model.rehearsed", "engine.rescue"],
    ["engine.threads", "engine.runs.writer", "engine.responses.arriving", "engine.responses.store"],
    ["engine.runs.answer", "engine.tools.file_search", "engine.tools.code_interpreter"],
    ["engine.runs.tool_calls", "engine.responses.telling"],
    ["engine.runs.live_run", "engine.runs.forks"],
    ["engine.runs.transitions"],
    ["engine.runs.runner"],
    ["engine.api.base", "engine.runs.by_hand", "engine.responses.begin"],
    ["engine.api.forms"],
    ["engine.api.runs"],
    [
        "engine.api.assistants",
        "engine.api.threads",
        "engine.api.messages",
        "engine.api.stepper",
        "engine.api.lab",
        "engine.api.files",
        "engine.api.vector_stores",
        "engine.api.v1_files",
        "engine.api.models",
        "engine.api.chat",
        "engine.api.responses.responses",
    ],
    ["engine.api.responses.conversations", "engine.api.responses.containers"],
    ["engine.api.routes"],
    ["engine.app"],
    ["engine.server", "lite", "lite.address", "lite.wheels"],
    [
        "choices",
        "course",
        "functions",
        "mistakes",
        "mistakes.place",
        "mistakes.rows",
        "sdk",
        "shapes",
        "tex",
        "as_code",
        "moving",
        "widgets",
        "widgets.assistant_form",
        "widgets.thread_view",
        "widgets.run_stepper",
        "exercises",
        "exercises.solved",
    ],
    ["moving.settings"],
    ["moving.request", "trace", "mistakes.facts", "widgets.messages", "widgets.schema_text"],
    ["mistakes.row"],
    ["mistakes.lines"],
    [
        f"mistakes.rows.{name}"
        for name in ("ids", "objects", "own", "responses", "runs", "said", "search", "start", "values")
    ],
    [
        "render",
        "mistakes.table",
        "widgets.statuses",
        "widgets.assistant_form.uploads",
        "widgets.run_stepper.branches",
        "widgets.run_stepper.guesses",
        "widgets.lab",
    ],
    [
        "moving.items",
        "client",
        "classroom",
        "lite.lock",
        "mistakes.advice",
        "upkeep",
        "portable",
        "widgets.html",
        "widgets.panel",
        "widgets.assistant_form.reading",
    ],
    [
        "answers",
        "exercises.see",
        "lite.site",
        "moving.conversation",
        "places",
        "mistakes.shown",
        "widgets.thread_view.page",
        "widgets.assistant_form.tools",
        "widgets.run_stepper.calls",
        "widgets.run_stepper.page",
    ],
    ["exercises.frame"],
    [f"exercises.lesson_{n:02}" for n in range(12)],
    ["exercises.table"],
    ["exercises.desk"],
    [
        "widgets.thread_view.conversation",
        "widgets.thread_view.names",
        "widgets.thread_view.stream",
        "widgets.thread_view.program",
        "widgets.assistant_form.fields",
        "widgets.run_stepper.tabs",
        "widgets.run_stepper.moves",
        "moving.program",
        "widgets.run_stepper.subjects",
    ],
    [
        "widgets.assistant_form.draft",
        "widgets.thread_view.export",
        "widgets.thread_view.response_stream",
        "widgets.thread_view.thread_reader",
    ],
    [
        "widgets.run_stepper.showing",
        "widgets.assistant_form.copy",
        "widgets.thread_view.conversation_reader",
        "widgets.thread_view.window",
    ],
    ["widgets.thread_view.talks"],
    ["widgets.assistant_form.assistant_form", "widgets.thread_view.thread_view", "widgets.run_stepper.run_stepper"],
    ["__init__"],
    ["doctor"],
    ["cli"],
]
FLOOR = {module: n for n, floor in enumerate(FLOORS) for module in floor}

HOMES = {
    "sqlite3": {"engine.store", "engine.contents", "engine.damage", "engine.journals", "engine.responses.chains"},
    "werkzeug": {"engine.app"} | {module for module in MODULES if module.startswith("engine.api")},
    "cheroot": {"engine.server"},
    "openai": {
        "client",
        "sdk",  # its errors
        "engine.model.live",  # its client
        "answers",
        "exercises.desk",
        "exercises.see",
        "moving.conversation",
        "moving.program",
        *(f"exercises.lesson_{n:02}" for n in range(12)),
        "functions",  # here and below its types, and what a widget is given
        "widgets.panel",
        "widgets.assistant_form.assistant_form",
        "widgets.assistant_form.copy",
        "widgets.assistant_form.draft",
        "widgets.assistant_form.fields",
        "widgets.assistant_form.reading",
        "widgets.assistant_form.tools",
        "widgets.schema_text",
        "widgets.lab",
        "widgets.run_stepper.run_stepper",
        "widgets.run_stepper.showing",
        "widgets.run_stepper.subjects",
        "widgets.thread_view.conversation_reader",
        "widgets.thread_view.names",
        "widgets.thread_view.response_stream",
        "widgets.thread_view.stream",
        "widgets.thread_view.talks",
        "widgets.thread_view.thread_reader",
        "widgets.thread_view.thread_view",
    },
    "httpx2": {"client", "lite.address", "engine.model.live", "engine.model.transport"},
    "pydantic": {
        "functions",
        "engine.params.fields",
        "engine.params.files",
        "engine.params.responses",
        "engine.params.chat",
        "engine.api.refusals",
        "engine.model.recorded",
    },
    "pypdf": {"engine.files.readers"},
    "psutil": {"sandbox.process"},
    "ctypes": {"sandbox.libc", "sandbox.macos"},
    "nbclient": {"course"},
    "nbformat": {
        "classroom",
        "course",
        "lite.site",
        "places",
        "upkeep",
        "widgets.thread_view.export",
        "widgets.thread_view.thread_view",
    },
    "anywidget": {"widgets.panel"},
    "markdown_it": {"render", "portable"},
    "pygments": {"render"},
    "packaging": {"lite.wheels"},
    "jupyterlite_pyodide_kernel": {"lite.site"},
    "tqdm": {"cli"},
    "jsonschema": {"widgets.schema_text"},
}


def imports(module: str) -> Iterator[str]:
    """Everything a module imports, inside functions too; what is ours without the package's name."""
    path = MODULES[module]
    here = ["assistant_nb", *path.relative_to(PACKAGE).with_suffix("").parts]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = here[: len(here) - node.level] if node.level else []
            source = ".".join([*base, *filter(None, [node.module])])
            for alias in node.names:
                full = f"{source}.{alias.name}".removeprefix("assistant_nb.")
                yield (
                    full
                    if full in MODULES
                    else source.removeprefix("assistant_nb.").replace("assistant_nb", "__init__")
                )


def test_every_module_has_a_floor() -> None:
    assert set(MODULES) == set(FLOOR)


@pytest.mark.parametrize("module", sorted(MODULES))
def test_imports_go_down(module: str) -> None:
    up = [source for source in imports(module) if source in FLOOR and FLOOR[source] >= FLOOR[module]]
    assert up == []


@pytest.mark.parametrize("library", sorted(HOMES))
def test_an_outside_library_has_one_home(library: str) -> None:
    guests = {module for module in MODULES if any(source.split(".")[0] == library for source in imports(module))}
    assert guests
    assert guests <= HOMES[library]


def test_the_foundation_is_pure() -> None:
    """Values and rules touch no network, disk, kernel or thread."""
    of_the_engine = (
        "deltas",
        "entries",
        "errors",
        "journal",
        "objects",
        "parts",
        "prompt_texts",
        "run_states",
        "wire",
    )
    of_params = ("assistants", "chat", "fields", "files", "lab")
    of_runs = ("prefixes", "seat", "stepping")
    of_the_api = ("azure", "completions", "refusals", "sse", "v1")
    of_files = ("file_objects", "retrieval")
    packages = {"": of_the_engine, "params.": of_params, "runs.": of_runs, "api.": of_the_api, "files.": of_files}
    for module in (f"{package}{name}" for package, names in packages.items() for name in names):
        outside = {source.split(".")[0] for source in imports(f"engine.{module}")} - {"engine"}
        assert outside <= {
            "collections",
            "dataclasses",
            "typing",
            "json",
            "pydantic",
            "pydantic_core",
            "annotated_types",
            "typing_extensions",
            "math",
            "operator",
            "bisect",
            "re",
            "unicodedata",
        }


def test_widgets_know_the_sdk_and_not_the_engine() -> None:
    for module in MODULES:
        if module.startswith("widgets"):
            assert not [source for source in imports(module) if source.split(".")[0] in ("engine", "client", "choices")]


def test_the_sandbox_knows_nothing_of_the_engine() -> None:
    inside = {module for module in MODULES if module.startswith("sandbox")}
    assert {source for module in inside for source in imports(module) if source in MODULES} <= inside


def test_importing_the_package_imports_nothing_heavy() -> None:
    heavy = ["openai", "nbformat", "jupyter_client", "pydantic", "werkzeug", "cheroot", "assistant_nb.engine.server"]
    code = f"import sys, assistant_nb; print([name for name in {heavy} if name in sys.modules])"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=PATIENCE_S
    )
    assert loaded.stdout.strip() == "[]"


def test_public_names_are_sorted_and_there() -> None:
    assert assistant_nb.__all__ == sorted(assistant_nb.__all__) == sorted(assistant_nb._HOMES)
    assert all(getattr(assistant_nb, name) for name in assistant_nb.__all__)
    assert set(assistant_nb.__all__) <= set(dir(assistant_nb))
    with pytest.raises(AttributeError, match="'begin'; it has AssistantForm, Limits, RunStepper"):
        _ = assistant_nb.begin
