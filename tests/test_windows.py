"""Windows and its text encoding, simulated: no machine here has it. What POSIX alone has is taken away."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from assistant_nb import course
from tests.until import PATIENCE_S

ROOT = Path(__file__).parents[1]
PRETEND = "from tests.windows import pretend; pretend()\n"
WITHOUT_UTF_8 = {"PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "LC_ALL": "C"}
"""Text files are read and written as ASCII, unless a program says otherwise: stricter than cp1252, which Windows has."""
ASKED = """
import builtins
asked = []
builtins.input = lambda prompt: asked.append(prompt) or {answer!r}
import assistant_nb as anb
anb.start(model=anb.Scripted(anb.ToolCall("code_interpreter", {code!r}), "Done."), limits=anb.Limits(call_s=20))
from openai import OpenAI
client = OpenAI()
analyst = client.beta.assistants.create(model="gpt-4", tools=[{{"type": "code_interpreter"}}])
asks = {{"messages": [{{"role": "user", "content": "6 * 7?"}}]}}
run = client.beta.threads.create_and_run_poll(assistant_id=analyst.id, thread=asks)
steps = client.beta.threads.runs.steps.list(run_id=run.id, thread_id=run.thread_id, order="asc").data
(call,) = steps[0].step_details.tool_calls
inner = call.code_interpreter
print(run.status, len(asked), {code!r} in asked[0], repr(inner.outputs[0].logs), getattr(inner, "contained_by", None))
files = client.files.list().data
print([(file.filename, client.files.content(file.id).read()) for file in files])
anb.stop()
"""


def run(code: str, folder: Path, encoding: str = "cp1252") -> str:
    (script := folder / "script.py").write_text(PRETEND + code, encoding="utf-8")
    env = os.environ | WITHOUT_UTF_8 | {"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": encoding}
    done = subprocess.run(
        [sys.executable, script], cwd=folder, env=env, capture_output=True, encoding=encoding, timeout=PATIENCE_S
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_module_can_be_imported_but_those_of_the_sandbox_for_other_systems(tmp_path: Path) -> None:
    code = """
import importlib, pkgutil
import assistant_nb
failed = []
for module in pkgutil.walk_packages(assistant_nb.__path__, "assistant_nb."):
    try:
        importlib.import_module(module.name)
    except ImportError as error:
        failed.append(module.name.removeprefix("assistant_nb."))
print(failed)
"""
    assert run(code, tmp_path).strip() == ("['sandbox.collect', 'sandbox.kernel', 'sandbox.launcher', 'sandbox.rooms']")


@pytest.mark.parametrize(
    "lesson", [pytest.param(path, id=path.stem) for path in course.lessons() if path.stem[:2] in ("00", "01", "05")]
)
def test_a_lesson_without_code_runs(lesson: Path, tmp_path: Path) -> None:
    code = f"""
from pathlib import Path
from IPython.core.interactiveshell import InteractiveShell
from assistant_nb import course
shell, wrong = InteractiveShell.instance(), []
for cell in course.read(Path({str(lesson)!r})).cells:
    if cell.cell_type == "code" and not course.has_tag(cell, "raises-exception"):
        done = shell.run_cell(cell.source)
        if not done.success:
            wrong.append((cell.source, repr(done.error_in_exec or done.error_before_exec)))
print("WRONG", wrong)
"""
    assert run(code, tmp_path, "utf-8").splitlines()[-1] == "WRONG []"


def test_code_runs_after_a_yes_and_its_step_says_that_nothing_contained_it(tmp_path: Path) -> None:
    answer, code = "y", "open('/mnt/data/made.txt', 'w').write('42')\nprint(6 * 7)"
    first, files = run(ASKED.format(answer=answer, code=code), tmp_path).splitlines()[-2:]
    assert first == "completed 1 True '42\\n' []"
    assert files == "[('/mnt/data/made.txt', b'42')]"


def test_code_does_not_run_after_a_no(tmp_path: Path) -> None:
    first, files = run(ASKED.format(answer="n", code="print(6 * 7)"), tmp_path).splitlines()[-2:]
    assert first.startswith("completed 1 True 'The code was not run. Nothing here contains code that a model wrote")
    assert first.endswith("None")
    assert files == "[]"


def test_the_commands_run_where_text_is_not_utf_8(tmp_path: Path) -> None:
    code = """
from assistant_nb import cli
print(cli.main(["doctor"]))
print(cli.main(["handout", "05", "--dir", "students"]))
print(cli.main(["store", "check", "none.db"]))
"""
    said = run(code, tmp_path)
    assert "FAILS" not in said
    assert (
        "no    code: Nothing here contains code that a model wrote, so it is not run (no way is known on win32)" in said
    )
    assert [line for line in said.splitlines() if line in ("0", "1")] == ["0", "0", "1"]
    assert (tmp_path / "students/05_file_search.ipynb").is_file()


def test_a_store_in_a_file_is_kept_and_opened_again(tmp_path: Path) -> None:
    code = """
import assistant_nb as anb
client = anb.connect(store="class.db", model=anb.Scripted("Grüße, 你好."))
thread = client.beta.threads.create(messages=[{"role": "user", "content": "Grüße → 你好"}])
note = client.files.create(file=("é.txt", "Gezeiten → 你好".encode()), purpose="assistants")
anb.stop()
client = anb.connect(store="class.db", model="practice")
print(ascii(client.beta.threads.messages.list(thread.id).data[0].content[0].text.value))
print(ascii(client.files.list().data[0].filename))
client.files.delete(note.id)
anb.stop()
"""
    assert run(code, tmp_path).splitlines()[2] == ascii("Grüße → 你好")
