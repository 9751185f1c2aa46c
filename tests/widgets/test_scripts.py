"""The widgets' scripts: their pure helpers by Node's own test runner, and how they are joined."""

import re
import shutil
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

import assistant_nb.widgets
from assistant_nb import AssistantForm, RunStepper, ThreadView
from tests.until import PATIENCE_S

HERE = Path(__file__).parent
SCRIPTS = Path(assistant_nb.widgets.__file__).parent


@pytest.mark.skipif(shutil.which("node") is None, reason="needs node")
@pytest.mark.parametrize("test", sorted(HERE.glob("*.test.mjs")), ids=lambda path: path.name)
def test_the_helpers_of_a_script(test: Path, tmp_path: Path) -> None:
    shutil.copytree(SCRIPTS, tmp_path, dirs_exist_ok=True)
    (tmp_path / "package.json").write_text('{"type": "module"}')
    shutil.copy(test, tmp_path)
    ran = subprocess.run(["node", "--test", tmp_path / test.name], capture_output=True, text=True, timeout=PATIENCE_S)
    assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.mark.parametrize("widget", [AssistantForm, ThreadView, RunStepper])
def test_no_name_is_declared_twice_in_the_one_script_of_a_widget(widget: Any) -> None:
    """All modules of a widget are one text in the page. There a second declaration is a SyntaxError."""
    declared = re.findall(r"^(?:export )?(?:async )?(?:const|let|function|class) (\w+)", str(widget._esm), re.MULTILINE)
    assert [name for name, times in Counter(declared).items() if times > 1] == []
    assert len(declared) > 20
