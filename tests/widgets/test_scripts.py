"""The scripts' pure helpers, by Node; and that a widget's module stands alone."""

import shutil
import subprocess
from pathlib import Path

import pytest

from assistant_nb.widgets.thread_view import ThreadView

HERE = Path(__file__).parent


@pytest.mark.skipif(not shutil.which("node"), reason="needs Node")
def test_pure_helpers() -> None:
    scripts = sorted(map(str, HERE.glob("*.test.mjs")))
    command = ["node", "--no-warnings", "--test", *scripts]
    outcome = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert outcome.returncode == 0, outcome.stdout


def test_a_widgets_module_imports_nothing() -> None:
    assert "import {" not in ThreadView._esm
    assert "export default" in ThreadView._esm
