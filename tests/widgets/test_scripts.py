"""The pure helpers of the widgets' scripts, by Node's own test runner."""

import shutil
import subprocess
from pathlib import Path

import pytest

import assistant_nb.widgets

HERE = Path(__file__).parent
SCRIPTS = Path(assistant_nb.widgets.__file__).parent


@pytest.mark.skipif(shutil.which("node") is None, reason="needs node")
@pytest.mark.parametrize("test", sorted(HERE.glob("*.test.mjs")), ids=lambda path: path.name)
def test_the_helpers_of_a_script(test: Path, tmp_path: Path) -> None:
    shutil.copytree(SCRIPTS, tmp_path, dirs_exist_ok=True)
    (tmp_path / "package.json").write_text('{"type": "module"}')
    shutil.copy(test, tmp_path)
    ran = subprocess.run(["node", "--test", tmp_path / test.name], capture_output=True, text=True, timeout=60)
    assert ran.returncode == 0, ran.stdout + ran.stderr
