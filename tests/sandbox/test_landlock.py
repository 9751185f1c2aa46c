"""Landlock, as far as each Linux knows it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from assistant_nb.sandbox.libc import syscall

ROOT = Path(__file__).parents[2]
CODE = """
import os, sys
from assistant_nb.sandbox.landlock import READ, WRITE, restrict
inside, outside, abi = sys.argv[1], sys.argv[2], int(sys.argv[3])
restrict([(inside, WRITE), (outside + "/read", READ), (outside + "/not there", READ)], abi)
def tried(call, *args):
    try:
        call(*args)
    except OSError:
        return "refused"
    return "done"
print(
    tried(os.mkdir, inside + "/new"), tried(os.truncate, inside + "/file", 0), tried(os.listdir, outside + "/read"),
    tried(os.listdir, outside), tried(os.mkdir, outside + "/read/new"), tried(os.open, outside + "/file", os.O_RDONLY),
    tried(os.truncate, outside + "/file", 0),
)
"""


def newest() -> int:
    try:
        return syscall(444, None, 0, 1)
    except OSError:
        return 0


@pytest.mark.skipif(sys.platform != "linux", reason="Landlock is Linux's")
@pytest.mark.parametrize("abi", range(1, 8))
def test_only_what_is_given_is_left(abi: int, tmp_path: Path) -> None:
    if abi > newest():
        pytest.skip("this Linux is older")
    for folder in ("inside", "outside/read"):
        (tmp_path / folder).mkdir(parents=True)
    for file in ("inside/file", "outside/file"):
        (tmp_path / file).touch()
    words = [str(tmp_path / "inside"), str(tmp_path / "outside"), str(abi)]
    done = subprocess.run(
        [sys.executable, "-c", CODE, *words],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    truncation = "refused" if abi >= 3 else "done"
    assert done.stdout.split() == ["done"] * 3 + ["refused"] * 3 + [truncation], done.stderr
