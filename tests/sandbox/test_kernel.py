"""A kernel that runs whatever a model writes: what it shows, what it makes, and that it can be used again."""

import gc
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest

from assistant_nb.sandbox import execution as execution_module
from assistant_nb.sandbox import kernel as kernel_module
from assistant_nb.sandbox import process as process_module
from assistant_nb.sandbox.errors import KernelError, NotContained
from assistant_nb.sandbox.kernel import Kernel
from assistant_nb.sandbox.layers import candidates, layers, why_not
from assistant_nb.sandbox.limits import Limits
from assistant_nb.sandbox.outputs import Executed, Image, Logs
from assistant_nb.sandbox.process import Tree
from tests.until import PATIENCE_S, until

LOST = "variables and imports are gone"
MB = 2**20
SMALL = Limits(scratch_bytes=4 * MB, output_bytes=10_000)


@pytest.fixture(scope="module", autouse=True)
def contained() -> None:
    try:
        layers()
    except NotContained as reason:
        pytest.skip(str(reason))


@pytest.fixture(scope="module")
def kernel() -> Iterator[Kernel]:
    """One for all tests that leave it as it was."""
    kernel = Kernel.start()
    yield kernel
    kernel.close()


@pytest.fixture(scope="module")
def small() -> Iterator[Kernel]:
    """One that has little, and is not asked whether it lost its state before."""
    kernel = Kernel.start(SMALL)
    yield kernel
    kernel.close()


@pytest.fixture
def start() -> Iterator[Callable[..., Kernel]]:
    kernels: list[Kernel] = []

    def started(limits: Limits | None = None, **choices: bool) -> Kernel:
        kernels.append(Kernel.start(limits, **choices))
        return kernels[-1]

    yield started
    for kernel in kernels:
        kernel.close()


def text(executed: Executed) -> str:
    return "".join(output.text for output in executed.outputs if isinstance(output, Logs))


# What it shows


def test_the_last_expression_is_shown_and_state_lasts(kernel: Kernel) -> None:
    assert kernel.execute("x = 6\nx * 7").outputs == [Logs("42")]
    assert kernel.execute("print(x)").outputs == [Logs("6\n")]


def test_an_error_is_a_traceback_without_colours_and_paths_of_ours(kernel: Kernel) -> None:
    said = text(kernel.execute("import json\njson.loads('{')"))
    assert said.endswith("JSONDecodeError: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)")
    assert "File json/decoder.py" in said
    assert "\x1b" not in said


def test_nobody_answers_input(kernel: Kernel) -> None:
    assert "does not support input requests" in text(kernel.execute("input('Your password?')"))


def test_a_plot_is_a_picture_in_its_place(kernel: Kernel) -> None:
    code = "import matplotlib.pyplot as plt\nprint('before')\nplt.plot([1, 4, 9])\nplt.show()\nprint('after')"
    before, image, after = kernel.execute(code).outputs
    assert (before, after) == (Logs("before\n"), Logs("after\n"))
    assert isinstance(image, Image)
    assert image.png.startswith(b"\x89PNG")


def test_what_is_no_text_and_no_picture_is_ignored(kernel: Kernel) -> None:
    code = "from IPython.display import *\ndisplay(HTML('<b>hi</b>'), Javascript('alert(1)'))"
    assert text(kernel.execute(code)).splitlines() == [
        "<IPython.core.display.HTML object>",
        "<IPython.core.display.Javascript object>",
    ]


FORGE = """
kernel = get_ipython().kernel
parent = kernel.get_parent()
deep = []
for _ in range(500):
    deep = [deep]
for content in ({"name": 1, "text": {}}, {"text": deep}, {"data": []}, {"traceback": 5}, {"execution_state": []}):
    for kind in ("stream", "display_data", "error", "status", "comm_open"):
        kernel.session.send(kernel.iopub_thread, kind, content, parent=parent)
for frames in ([b""], [b"<IDS|MSG>"], [b"<IDS|MSG>", b"no", b"{", b"}", b"", b""], [b"a"] * 100):
    kernel.iopub_thread.send_multipart(frames)
print("still here")
"""


def test_messages_that_code_forges_do_no_harm(kernel: Kernel) -> None:
    assert "still here" in text(kernel.execute(FORGE))
    assert kernel.execute("1").outputs == [Logs("1")]


# Files


def test_files_that_are_made_or_changed_are_results_once(kernel: Kernel) -> None:
    code = "import os\nos.makedirs('/mnt/data/out')\nopen('/mnt/data/out/a.txt', 'w').write('one')\nos.getcwd()"
    made = kernel.execute(code)
    assert [(file.name, file.path.read_text()) for file in made.files] == [("out/a.txt", "one")]
    assert text(made) == "'/mnt/data'"
    assert kernel.execute("open('/mnt/data/out/a.txt').read()").files == []
    [changed] = kernel.execute("open('/mnt/data/out/a.txt', 'a').write(', two')").files
    assert changed.path.read_text() == "one, two"


def test_a_file_that_was_put_is_read_and_is_a_result_only_if_changed(kernel: Kernel, tmp_path: Path) -> None:
    (tmp_path / "given").write_text("3,4")
    kernel.put("table.csv", tmp_path / "given")
    kernel.put("out/other.csv", tmp_path / "given")
    code = "open('/mnt/data/table.csv').read() + open('/mnt/data/out/other.csv').read()"
    assert kernel.execute(code) == Executed([Logs("'3,43,4'")], [])
    assert [file.name for file in kernel.execute("open('/mnt/data/table.csv', 'w').write('5')").files] == ["table.csv"]
    assert (tmp_path / "given").read_text() == "3,4"


@pytest.mark.parametrize("name", ["", ".", "..", "../a", "/a", "a//b", "a/../b", "a\0b", "x" * 300])
def test_a_name_that_leads_elsewhere_is_refused(kernel: Kernel, tmp_path: Path, name: str) -> None:
    (tmp_path / "given").touch()
    with pytest.raises(KernelError):
        kernel.put(name, tmp_path / "given")


def test_links_are_no_results(kernel: Kernel) -> None:
    code = "import os\nos.symlink('/etc/passwd', '/mnt/data/users.txt')\nos.symlink('/etc', '/mnt/data/etc')"
    assert kernel.execute(code).files == []


def test_too_many_files_are_told(kernel: Kernel) -> None:
    executed = kernel.execute("for n in range(110): open(f'/mnt/data/{n}.txt', 'w').close()")
    assert len(executed.files) == 100
    assert text(executed).startswith("10 of the files")


def test_the_path_that_models_know_works_without_namespaces(
    start: Callable[..., Kernel], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = (way for way in candidates(sys.platform, root=os.geteuid() == 0) if "namespaces" not in way)
    less = next((way for way in others if why_not(way) is None), None)
    if less is None:
        pytest.skip("nothing holds without namespaces")
    monkeypatch.setattr(kernel_module, "layers", lambda: less)
    kernel = start()
    (tmp_path / "given").write_text("given")
    kernel.put("a.txt", tmp_path / "given")
    made = kernel.execute(
        "s = open('/mnt/data/a.txt').read()\nopen('/mnt/data/b.txt', 'w').write(s)\nimport os\nos.getcwd()"
    )
    assert text(made) == "'/mnt/data'"
    assert [file.name for file in made.files] == ["b.txt"]


def test_code_that_a_person_allowed_runs_without_walls_and_finds_its_files(start: Callable[..., Kernel]) -> None:
    kernel = start(contained=False)
    assert kernel.layers == ()
    assert [file.name for file in kernel.execute("open('/mnt/data/a.txt', 'w').write('a')").files] == ["a.txt"]
    assert kernel.execute("open('b.txt', 'w').write('b')").files[0].name == "b.txt"


# Limits, each with words for the model, and the kernel usable afterwards


def usable(kernel: Kernel) -> bool:
    return kernel.execute("6 * 7").outputs == [Logs("42")]


ENDLESS = "open('/mnt/data/begun', 'w').close()\nwhile True: pass"


def an_hour_later(kernel: Kernel, patch: pytest.MonkeyPatch) -> None:
    """For whoever looks how long a call takes, an hour passes as soon as the code has made the file `begun`."""
    begun = kernel._quarters.room.scratch / "begun"
    clock = SimpleNamespace(monotonic=lambda: time.time() + 3600 * begun.exists())
    patch.setattr(execution_module, "time", clock)


def test_an_endless_loop_is_interrupted_and_state_stays(
    start: Callable[..., Kernel], monkeypatch: pytest.MonkeyPatch
) -> None:
    kernel = start()
    kernel.execute("x = 42")
    an_hour_later(kernel, monkeypatch)
    monkeypatch.setattr(execution_module, "_GRACE_S", PATIENCE_S)
    said = text(kernel.execute(ENDLESS))
    assert said.endswith("KeyboardInterrupt: \nThe call took longer than 60 s and was interrupted.")
    assert kernel.execute("x").outputs == [Logs("42")]


def test_a_loop_that_does_not_listen_costs_the_kernel(
    start: Callable[..., Kernel], monkeypatch: pytest.MonkeyPatch
) -> None:
    kernel = start()
    an_hour_later(kernel, monkeypatch)
    monkeypatch.setattr(execution_module, "_GRACE_S", 0.1)
    said = text(kernel.execute(f"import signal\nsignal.signal(2, signal.SIG_IGN)\n{ENDLESS}"))
    assert said.startswith("The call took longer")
    assert LOST in said
    assert usable(kernel)


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("import os\nos._exit(3)", "The kernel ended itself (exit code 3)."),
        ("exit()", "The code called exit()."),
        ("import ctypes\nctypes.string_at(0)", "The kernel "),
    ],
)
def test_a_kernel_that_dies_is_replaced(small: Kernel, code: str, why: str) -> None:
    said = text(small.execute(code))
    assert why in said
    assert LOST in said
    assert usable(small)


def test_a_kernel_that_died_between_calls_is_replaced(small: Kernel) -> None:
    assert usable(small)
    [process] = small._running
    process.tree.kill()
    until(process.died)  # a zombie can be waited for only when its last thread has ended
    assert text(small.execute("6 * 7")).startswith("The kernel has died since the last call.")
    assert usable(small)


def test_too_much_memory_is_an_error_in_the_code(kernel: Kernel) -> None:
    said = text(kernel.execute("x = bytearray(3 * 2**30)"))
    assert said.endswith("MemoryError: ")
    assert usable(kernel)


def test_memory_that_the_system_does_not_limit_is_watched(small: Kernel, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(Tree, "memory_bytes", lambda _: 3 * 2**30)
        said = text(small.execute("1"))
    assert "The code took more than 2 GB of memory." in said
    assert LOST in said
    assert usable(small)


@pytest.mark.parametrize(
    ("code", "removed"),
    [
        ("for n in range(9): open(f'/mnt/data/{n}', 'wb').write(bytes(1000000))", True),
        ("import os\nfor n in range(10**6): os.mkdir(f'/mnt/data/{n}')", True),
        ("import os\nfor n in range(10**4):\n    os.mkdir('d')\n    os.chdir('d')", True),
        ("import tempfile\nfor n in range(9): open(tempfile.mkstemp()[1], 'wb').write(bytes(1000000))", True),
        ("import os\nos.mkdir('/mnt/data/closed', 0o333)\nos.mkdir('/mnt/data/closed/inside')", None),
        (
            "import tempfile\nfiles = [tempfile.TemporaryFile() for n in range(9)]\n"
            "for file in files:\n    file.write(bytes(1000000))\n    file.flush()",
            False,
        ),
    ],
    ids=["large", "many", "deep", "temporary", "closed", "nameless"],
)
def test_a_full_disk_is_emptied(start: Callable[..., Kernel], code: str, removed: bool | None) -> None:
    kernel = start(Limits(scratch_bytes=4 * MB))
    kernel.execute("open('/mnt/data/before.txt', 'w').write('before')")
    executed = kernel.execute(code)
    if removed is None and os.geteuid() == 0:
        assert executed.outputs == []  # root looks into everything
    else:
        assert text(executed).startswith("The code wrote more than 4 MB, or more than 10,000 files.")
        assert ("removed" in text(executed)) == bool(removed)
        assert LOST in text(executed)
        assert executed.files == []
        assert kernel.execute("import os\nos.listdir('/mnt/data')") == Executed([Logs("['before.txt']")], [])


def test_what_was_put_does_not_count_as_written(small: Kernel, tmp_path: Path) -> None:
    (tmp_path / "large").write_bytes(bytes(8 * MB))
    small.put("large.bin", tmp_path / "large")
    assert usable(small)


@pytest.mark.parametrize(
    "code",
    [
        "while True: print('y' * 100)",
        "print('x' * 20_000)",
        "print('x' * 20_000_000)",
        "raise ValueError('x' * 20_000)",
    ],
    ids=["endless", "long", "too long to read", "error"],
)
def test_a_flood_of_output_is_cut(small: Kernel, code: str) -> None:
    executed = small.execute(code)
    assert "The output is longer than 9.766 KB: the rest is left out" in text(executed)
    assert len(text(executed)) < 11_000
    assert usable(small)


# What a lost kernel leaves to the next


def test_a_lost_kernel_takes_nothing_from_the_next_when_it_is_collected(
    start: Callable[..., Kernel], monkeypatch: pytest.MonkeyPatch
) -> None:
    kernel, begin, found = start(), subprocess.Popen.__init__, list[str]()

    def collect_first(process: subprocess.Popen[bytes], *args: Any, **choices: Any) -> None:
        gc.collect()
        found.extend(path.name for path in kernel._quarters.room.connection.iterdir())
        begin(process, *args, **choices)

    kernel.execute("exit()")
    monkeypatch.setattr(subprocess.Popen, "__init__", collect_first)
    assert usable(kernel)
    assert found == ["k.json"]


PLANT = """
import os
from pathlib import Path
home, data = Path.home(), Path("/mnt/data")
startup = Path(os.environ["IPYTHONDIR"], "profile_default", "startup")
site = home / ".local" / "lib" / "python3" / "site-packages"
configs = [data, startup.parent, home / ".config", home / ".ipython", Path(os.environ["MPLCONFIGDIR"])]
for folder in [startup, data / "profile_default" / "startup", site, *configs]:
    folder.mkdir(parents=True, exist_ok=True)
folders = [Path(folder) for folder, *_ in os.walk(home)]
names = ["planted.py", "usercustomize.py", "sitecustomize.py", "ipython_config.py", "ipython_kernel_config.py"]
for folder in [*folders, data, data / "profile_default" / "startup"]:
    for name in names:
        (folder / name).write_text("import builtins\\nbuiltins.planted = __file__")
exit()
"""
FIND = """
import builtins, os
left = [folder for folder, _, names in os.walk(os.environ["HOME"]) if "planted.py" in names]
left, getattr(builtins, "planted", None), os.path.exists("/mnt/data/planted.py")
"""


def test_only_files_in_the_data_folder_outlive_a_kernel_and_none_of_them_runs(start: Callable[..., Kernel]) -> None:
    kernel = start()
    assert LOST in text(kernel.execute(PLANT))
    assert kernel.execute(FIND).outputs == [Logs("([], None, True)")]


# What code says to the engine past its kernel


ENGINE_MEMORY_BYTES = 200 * MB
"""What the engine may take for reading; the attacks send without an end."""
WIRE = """
import os, socket, stat, struct
def wire(channel):
    "The kernel's end of the line to the engine."
    for number in range(3, 512):
        try:
            if stat.S_ISSOCK(os.fstat(number).st_mode):
                end = socket.socket(fileno=os.dup(number))
                if end.getsockname().endswith(f"-{channel}") and end.getpeername() is not None:
                    end.setblocking(True)
                    return end
        except (OSError, AttributeError, TypeError):
            pass
part = struct.pack(">BQ", 3, 2**20) + bytes(2**20)
"""


CHANNELS = pytest.mark.parametrize(
    "channel",
    [2, *(pytest.param(channel, marks=pytest.mark.nightly) for channel in (1, 4))],
    ids=["iopub", "shell", "control"],
)


@contextmanager
def peak_bytes() -> Iterator[Callable[[], int]]:
    """By how much this process was larger than at the beginning, at most."""
    me, over = psutil.Process(), threading.Event()
    before = [me.memory_info().rss]
    seen = [0]

    def watch() -> None:
        while not over.wait(0.01):
            seen.append(max(seen.pop(), me.memory_info().rss - before[0]))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield lambda: seen[0]
    finally:
        over.set()
        watcher.join()


@CHANNELS
def test_a_message_without_an_end_costs_the_kernel(start: Callable[..., Kernel], channel: int) -> None:
    kernel = start()
    with peak_bytes() as peak:
        said = text(kernel.execute(f"{WIRE}\nend = wire({channel})\nwhile True: end.sendall(part)"))
    assert said.startswith("The code sent more than 128 MB in one call.")
    assert LOST in said
    assert peak() < ENGINE_MEMORY_BYTES
    assert usable(kernel)


@CHANNELS
@pytest.mark.parametrize(
    "attack",
    [
        "end.sendall(b'\\xff' * 1000)",
        "end.sendall(struct.pack('>BQ', 6, 2**62))",
        "while True: end.sendall(bytes([1, 0]) * 2**15)",
        "end.shutdown(socket.SHUT_RDWR)",
    ],
    ids=["no frame", "a large command", "parts without an end", "closed"],
)
def test_a_broken_line_costs_the_kernel(small: Kernel, channel: int, attack: str) -> None:
    said = text(small.execute(f"{WIRE}\nend = wire({channel})\n{attack}\nwhile True: pass"))
    assert said.startswith("The code broke the connection to its kernel.")
    assert LOST in said
    assert usable(small)


COSTLY = """
kernel = get_ipython().kernel
session, content = kernel.session, {content}
frames = session.serialize(session.msg("stream", {{}}, parent=kernel.get_parent()))
frames[-1] = content
frames[1] = session.sign(frames[2:])
for _ in range(6):
    kernel.iopub_thread.send_multipart(frames)
"""


@pytest.mark.parametrize(
    "content",
    [
        """b'{"text": [' + b"[]," * 3_000_000 + b"[]]}" """,
        """b'{"text": [' + b'"",' * 3_000_000 + b'""]}'""",
        """b'{' + b'"":{},' * 2_000_000 + b'"":0}'""",
        """b'{"text": "' + b"\\\\u0041" * 2_500_000 + b'"}'""",
    ],
    ids=["lists", "strings", "objects", "escapes"],
)
def test_messages_that_cost_much_to_read_are_left_out(kernel: Kernel, content: str) -> None:
    with peak_bytes() as peak:
        said = text(kernel.execute(COSTLY.format(content=content)))
    assert "The output is longer than 1 MB: the rest is left out" in said
    assert peak() < ENGINE_MEMORY_BYTES
    assert usable(kernel)


MAPS = """
import ctypes, os
os.chdir(os.environ["HOME"])
for _ in range(14):
    os.mkdir("d" * 250)
    os.chdir("d" * 250)
with open("f", "wb") as file:
    file.write(bytes(4096))
libc = ctypes.CDLL(None)
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
libc.mmap.restype = ctypes.c_long
descriptor = os.open("f", os.O_RDWR)
for n in range(60_000):
    libc.mmap(None, 4096, 1 + 2 * (n % 2), 1, descriptor, 0)
while True: pass
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells which files are mapped")
def test_files_that_are_mapped_too_often_cost_the_kernel(start: Callable[..., Kernel]) -> None:
    kernel = start()
    with peak_bytes() as peak:
        said = text(kernel.execute(MAPS))
    assert said.startswith("The code wrote more than 256 MB, or more than 10,000 files.")
    assert peak() < ENGINE_MEMORY_BYTES
    assert usable(kernel)


# Several threads, and ends


def when_begun(kernel: Kernel, then: Callable[[], None]) -> threading.Thread:
    """Another thread calls `then` as soon as the code has made a file of this name."""

    def waiting() -> None:
        until((kernel._quarters.room.scratch / "begun").exists)
        then()

    thread = threading.Thread(target=waiting)
    thread.start()
    return thread


def test_a_call_is_interrupted_from_another_thread(start: Callable[..., Kernel]) -> None:
    kernel = start()
    thread = when_begun(kernel, kernel.interrupt)
    said = text(kernel.execute(ENDLESS))
    thread.join()
    assert said.endswith("The call was cancelled.")
    assert usable(kernel)


def test_closing_ends_a_call(start: Callable[..., Kernel]) -> None:
    kernel = start()
    thread = when_begun(kernel, kernel.close)
    assert "The call was cancelled." in text(kernel.execute(ENDLESS))
    thread.join()
    with pytest.raises(KernelError, match="closed"):
        kernel.execute("1")
    kernel.close()
    assert not kernel._quarters.root.exists()


def test_a_kernel_outlives_the_thread_that_started_it(start: Callable[..., Kernel]) -> None:
    kernels: list[Kernel] = []
    thread = threading.Thread(target=lambda: kernels.append(start()))
    thread.start()
    thread.join()
    assert usable(kernels[0])
    others = [threading.Thread(target=lambda: kernels[0].execute("x = 1")) for _ in range(3)]
    for other in others:
        other.start()
    for other in others:
        other.join()
    assert kernels[0].execute("x").outputs == [Logs("1")]


def test_between_calls_nothing_runs(kernel: Kernel) -> None:
    kernel.execute(
        "import threading\nthreading.Thread(target=lambda: [None for _ in iter(int, 1)], daemon=True).start()"
    )
    [process] = kernel._running
    until(lambda: psutil.Process(process.tree.pids[0]).status() == psutil.STATUS_STOPPED)
    assert {psutil.Process(pid).status() for pid in process.tree.pids} == {psutil.STATUS_STOPPED}
    assert usable(kernel)


def test_open_and_closed_leaves_nothing() -> None:
    me = psutil.Process()
    before: list[tuple[int, int, int]] = []
    for _ in range(3):
        kernel = Kernel.start()
        assert usable(kernel)
        kernel.close()
        before.append((me.num_fds(), me.num_threads(), len(me.children(recursive=True))))
    assert before[0] == before[2]


ENGINE = """
import os, sys, warnings
from assistant_nb.sandbox.kernel import Kernel
kernel = Kernel.start()
kernel.execute("x = 42")
warnings.simplefilter("ignore")  # of Python, that it has threads
if not (child := os.fork()):
    sys.exit()  # must leave the kernel to its parent
warnings.simplefilter("default")
os.waitpid(child, 0)
assert "42" in str(kernel.execute("x").outputs)
print(kernel._quarters.root, *kernel._running[0].tree.pids, flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize("end", ["exit", "kill"])
def test_no_kernel_outlives_its_engine(end: str) -> None:
    environ = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    pipe = subprocess.PIPE
    with subprocess.Popen(
        [sys.executable, "-X", "dev", "-c", ENGINE], stdin=pipe, stdout=pipe, stderr=pipe, text=True, env=environ
    ) as engine:
        assert engine.stdout
        root, *pids = engine.stdout.readline().split()
        if end == "kill":
            engine.send_signal(signal.SIGKILL)
        _, errors = engine.communicate()
    # On a busy machine asyncio's development mode remarks that a task took long.
    assert [line for line in errors.splitlines() if not line.startswith("Executing <Task")] == []
    gone(map(int, pids))
    assert Path(root).exists() == (end == "kill")


def gone(pids: Iterable[int]) -> None:
    """Returns when all have ended."""
    left = list(pids)
    until(
        lambda: not any(psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE for pid in left)
    )


# Starts that fail


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernel_module, "find_spec", lambda _: None)
    with pytest.raises(KernelError, match=r'pip install "assistant_nb\[code\]"'):
        Kernel.start()


def test_a_kernel_that_does_not_start_says_why_and_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    before = len(psutil.Process().children(recursive=True)), psutil.Process().num_fds()
    monkeypatch.setattr(process_module, "_COMMAND", [sys.executable, "-c", "raise SystemExit('no such thing')"])
    with pytest.raises(KernelError, match="no such thing"):
        Kernel.start()
    assert (len(psutil.Process().children(recursive=True)), psutil.Process().num_fds()) == before


def test_other_limits_hold_from_the_next_execution_on(start: Callable[..., Kernel]) -> None:
    kernel = start()
    kernel.execute("x = 1")
    kernel.limit(Limits(output_bytes=100))
    assert "the rest is left out" in str(kernel.execute("print(x, 'a' * 1000)").outputs)
    kernel.limit(Limits())
    assert kernel.execute("print(x)").outputs == [Logs("1\n")]


def test_a_process_cannot_get_other_limits_of_memory_so_the_next_execution_has_a_new_one(
    start: Callable[..., Kernel],
) -> None:
    kernel = start()
    kernel.execute("x = 1; open('kept.txt', 'w').write('here')")
    kernel.limit(Limits(memory_bytes=1024 * MB))
    told = str(kernel.execute("print(open('kept.txt').read(), 'x' in globals())").outputs)
    assert "as its limits have changed. This is a new one: variables and imports are gone." in told
    assert "here False" in told
    assert kernel.execute("print(1)").outputs == [Logs("1\n")]
