"""The kernel for Windows, tried here as far as another system can: by TCP, without `poll`, without descriptors of folders."""

import select
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from assistant_nb.sandbox import process
from assistant_nb.sandbox.errors import KernelError
from assistant_nb.sandbox.limits import Limits
from assistant_nb.sandbox.outputs import Logs
from assistant_nb.sandbox.plain import PlainKernel
from tests.until import until

Start = Callable[..., PlainKernel]


@pytest.fixture
def start(monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    monkeypatch.setattr(process, "has_unix_sockets", lambda: False)
    monkeypatch.delattr(select, "poll")
    kernels: list[PlainKernel] = []

    def made(limits: Limits | None = None) -> PlainKernel:
        kernels.append(PlainKernel(limits or Limits()))
        return kernels[-1]

    yield made
    for kernel in kernels:
        kernel.close()


def text(kernel: PlainKernel, code: str, interrupted: threading.Event | None = None) -> str:
    return "\n".join(each.text for each in kernel.execute(code, interrupted).outputs if isinstance(each, Logs))


def test_code_runs_and_variables_last(start: Start) -> None:
    kernel = start()
    assert kernel.execute("x = 6").outputs == []
    assert kernel.execute("x * 7").outputs == [Logs("42")]
    assert kernel.layers == ()


def test_files_go_in_and_come_out_and_logs_name_the_documented_path(start: Start, tmp_path: Path) -> None:
    kernel = start()
    (tmp_path / "given.csv").write_text("1,2", encoding="utf-8")
    kernel.put("in/given.csv", tmp_path / "given.csv")
    code = "text = open('/mnt/data/in/given.csv').read()\nopen('/mnt/data/made.txt', 'w').write(text)\nopen('/mnt/data/none')"
    executed = kernel.execute(code)
    assert [(file.name, file.path.read_text(encoding="utf-8")) for file in executed.files] == [("made.txt", "1,2")]
    (logs,) = executed.outputs
    assert isinstance(logs, Logs)
    assert "No such file or directory: '/mnt/data/none'" in logs.text
    assert kernel.execute("1").files == []


@pytest.mark.parametrize("name", ["../out.txt", "C:/out.txt", "a\\..\\b", ""])
def test_a_file_stays_below_the_folder(name: str, start: Start, tmp_path: Path) -> None:
    (tmp_path / "x").touch()
    with pytest.raises(KernelError, match="is not the path of a file below /mnt/data"):
        start().put(name, tmp_path / "x")


def test_the_time_limit_holds_and_the_next_code_runs(start: Start) -> None:
    kernel = start(Limits(call_s=0.5))
    said = text(kernel, "import time\nwhile True:\n    try: time.sleep(9)\n    except KeyboardInterrupt: pass")
    assert "The call took longer than 0.5 s and was interrupted." in said
    assert "variables and imports are gone" in said
    kernel.limit(Limits())
    assert text(kernel, "1 + 1") == "2"


def test_too_much_on_disk_ends_the_kernel(start: Start) -> None:
    kernel = start(Limits(scratch_bytes=10_000))
    said = text(kernel, "open('/mnt/data/big', 'wb').write(bytes(20_000))\nimport time; time.sleep(60)")
    assert "The code wrote more than 9.766 KB." in said


def test_a_cancelled_call_ends(start: Start) -> None:
    cancelled = threading.Event()
    cancelled.set()
    assert "The call was cancelled." in text(start(), "import time; time.sleep(60)", cancelled)


def test_closing_leaves_no_process_and_no_folder(start: Start) -> None:
    kernel = start()
    kernel.execute("1")
    pid, folder = kernel._running[0].tree.pids[-1], Path(kernel.data_path).parent
    kernel.close()
    until(lambda: not psutil.pid_exists(pid), lambda: f"process {pid} is still there")
    assert not folder.exists()
    with pytest.raises(KernelError, match="closed"):
        kernel.execute("1")
