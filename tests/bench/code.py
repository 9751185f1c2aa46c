"""What running code costs, and what it leaves behind. Run `python tests/bench/code.py`; it exits with 1 if a limit is exceeded.

Start: a kernel for code, from `Kernel.start` to the answer of its first call, against an ipykernel as jupyter_client
starts it (`start_kernel`, `wait_for_ready`, first reply), medians of interleaved rounds in one process that has done both before.
Warm: a call of `1 + 1` in a kernel that is there. Leaks: twenty kernels opened, used and closed, then twenty more:
what the second twenty add to processes, descriptors, threads, folders and memory. Attacks: while code does
its worst, a client of an engine in the same process creates threads; the longest it waits for one.
"""

import gc
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from statistics import median, quantiles
from subprocess import DEVNULL
from time import perf_counter
from typing import Final

import httpx2
import psutil
from jupyter_client.manager import start_new_kernel
from openai import DefaultHttpxClient, OpenAI

from assistant_nb.engine.app import create_app
from assistant_nb.engine.model.scripted import Scripted
from assistant_nb.sandbox.kernel import Kernel
from assistant_nb.sandbox.limits import Limits

ROUNDS: Final = 7
CALLS: Final = 100
KERNELS: Final = 20
LIMITS: Final = {"start, ours / bare": 1.3, "warm call, ms": 15.0, "longest wait during attacks, ms": 100.0}
WIRE: Final = """
import os, socket, stat, struct
for number in range(3, 512):
    try:
        if stat.S_ISSOCK(os.fstat(number).st_mode):
            end = socket.socket(fileno=os.dup(number))
            if end.getsockname().endswith("-2") and end.getpeername() is not None: break
    except (OSError, AttributeError, TypeError): pass
end.setblocking(True)
"""
COSTLY: Final = """
kernel = get_ipython().kernel
session = kernel.session
frames = session.serialize(session.msg("stream", {}, parent=kernel.get_parent()))
frames[-1] = b'{"text": [' + b"[]," * 3_000_000 + b"[]]}"
frames[1] = session.sign(frames[2:])
while True: kernel.iopub_thread.send_multipart(frames)
"""
ATTACKS: Final = {
    "endless loop": "while True: pass",
    "loop that ignores SIGINT": "import signal\nsignal.signal(2, signal.SIG_IGN)\nwhile True: pass",
    "threads": "import threading\nfor _ in range(300): threading.Thread(target=lambda: [0 for _ in iter(int, 1)]).start()",
    "flood of lines": "while True: print('y' * 100)",
    "flood of blocks": "import sys\nwhile True: sys.stdout.write('z' * 10**6)",
    "100 MB at once": "print('x' * 10**8)",
    "memory": "x = []\nwhile True: x.append(bytearray(10**7))",
    "one large file": "with open('large', 'wb') as f:\n    while True: f.write(bytes(10**6))",
    "many large files": "for n in range(10**6): open(f'l{n}', 'wb').write(bytes(10**6))",
    "many files": "for n in range(10**6): open(f's{n}', 'wb').close()",
    "deep folders": "import os\nwhile True:\n    os.mkdir('d')\n    os.chdir('d')",
    "os._exit": "import os\nos._exit(0)",
    "message without an end": WIRE + "while True: end.sendall(struct.pack('>BQ', 3, 2**20) + bytes(2**20))",
    "frames without an end": WIRE + "while True: end.sendall(bytes([1, 0]) * 2**15)",
    "messages that cost much to read": COSTLY,
}


def main() -> int:
    warnings.simplefilter("ignore", DeprecationWarning)
    results = {**starts(), **calls(), **leaks(), **attacks()}
    for name, value in results.items():
        limit = f"  (limit {LIMITS[name]})" if name in LIMITS else ""
        print(f"{name:42} {value:10.2f}{limit}")
    return int(any(results[name] > limit for name, limit in LIMITS.items()))


def timed_start(start: Callable[[], Callable[[], None]]) -> float:
    """In ms, without the end."""
    begin = perf_counter()
    end = start()
    took = perf_counter() - begin
    end()
    return took * 1000


def start_ours() -> Callable[[], None]:
    kernel = Kernel.start()
    kernel.execute("1 + 1")
    return kernel.close


def start_bare() -> Callable[[], None]:
    manager, client = start_new_kernel(stderr=DEVNULL)
    client.execute("1 + 1", reply=True)

    def end() -> None:
        client.stop_channels()
        manager.shutdown_kernel(now=True)

    return end


def starts() -> dict[str, float]:
    start_ours()(), start_bare()()
    pairs = [(timed_start(start_ours), timed_start(start_bare)) for _ in range(ROUNDS)]
    mine, bare = (median(column) for column in zip(*pairs, strict=True))
    return {"start, ours, ms": mine, "start, bare, ms": bare, "start, ours / bare": mine / bare}


def calls() -> dict[str, float]:
    kernel = Kernel.start()
    kernel.execute("1 + 1")
    times = []
    for _ in range(CALLS):
        begin = perf_counter()
        kernel.execute("1 + 1")
        times.append((perf_counter() - begin) * 1000)
    kernel.close()
    return {"warm call, ms": median(times), "warm call, ms, 9 of 10 within": quantiles(times, n=10)[-1]}


def leaks() -> dict[str, float]:
    twenty()
    before = standing()
    twenty()
    after = standing()
    return {f"left by {KERNELS} kernels: {name}": after[name] - before[name] for name in before}


def twenty() -> None:
    kernels = [Kernel.start() for _ in range(KERNELS)]
    for kernel in kernels:
        kernel.execute("open('/mnt/data/a', 'w').write('a')")
    for kernel in kernels:
        kernel.close()
    gc.collect()


def standing() -> dict[str, float]:
    me = psutil.Process()
    return {
        "processes": len(me.children(recursive=True)),
        "descriptors": me.num_fds(),
        "threads": me.num_threads(),
        "folders": len(list(Path(tempfile.gettempdir()).glob("anbk-*"))),
        "memory, MB": me.memory_info().rss / 2**20,
    }


def attacks() -> dict[str, float]:
    app = create_app(model=Scripted())
    http_client = DefaultHttpxClient(transport=httpx2.WSGITransport(app))
    client = OpenAI(base_url="http://engine/v1", api_key="any", max_retries=0, http_client=http_client)
    client.beta.threads.create()  # the first takes its imports with it
    waits: dict[str, float] = {}
    for name, code in ATTACKS.items():
        kernel = Kernel.start(Limits(call_s=4))
        attack = threading.Thread(target=kernel.execute, args=(code,))
        attack.start()
        longest = 0.0
        while attack.is_alive():
            begin = perf_counter()
            client.beta.threads.create()
            longest = max(longest, perf_counter() - begin)
            time.sleep(0.002)
        kernel.close()
        waits[f"  {name}"] = longest * 1000
    app.close()
    return {"longest wait during attacks, ms": max(waits.values()), **waits}


if __name__ == "__main__":
    sys.exit(main())
