"""The suite itself: whatever hangs is ended, and named."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.until import PATIENCE_S

HANGING = """
import threading, pytest

@pytest.mark.timeout(0.1, func_only=True)
def test_that_hangs(): threading.Event().wait()

def test_that_is_well(): pass
"""


def test_every_test_has_a_limit_that_is_longer_than_any_wait_in_it(pytestconfig: pytest.Config) -> None:
    assert PATIENCE_S < float(pytestconfig.getini("timeout")) < float(pytestconfig.getini("faulthandler_timeout"))


def test_a_test_that_hangs_is_ended_and_named_and_the_others_go_on(pytestconfig: pytest.Config, tmp_path: Path) -> None:
    (tmp_path / "test_hanging.py").write_text(HANGING)
    command = [sys.executable, "-m", "pytest", "-c", pytestconfig.inipath or "", "-v", "-p", "no:cacheprovider"]
    env = {name: value for name, value in os.environ.items() if name != "PYTEST_ADDOPTS"}  # the gate's `-n auto`
    ran = subprocess.run([*command, tmp_path], capture_output=True, text=True, cwd=tmp_path, env=env)
    assert "::test_that_hangs FAILED" in ran.stdout and "Failed: Timeout (>0.1s)" in ran.stdout
    assert "1 failed, 1 passed" in ran.stdout
