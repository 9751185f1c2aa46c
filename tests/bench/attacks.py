"""How long the engine takes to answer while hostile code runs beside it, behind the sandbox.

Run `python tests/bench/attacks.py`; it exits with 1 if an answer took longer than 100 ms. For each kind of attack a
contained Python does it over and over; meanwhile a thread is created and retrieved through the SDK again and again. The
slowest answer counts, and stands beside the slowest with nothing running, which shows what the machine itself adds.
"""

import json
import os
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from time import perf_counter, sleep
from typing import Final

from openai import OpenAI

ROOT: Final = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

import assistant_nb  # noqa: E402
from assistant_nb.sandbox.launch import launch  # noqa: E402
from assistant_nb.sandbox.layers import layers  # noqa: E402
from assistant_nb.sandbox.limits import Limits  # noqa: E402
from tests.sandbox import attacks, stand_in  # noqa: E402
from tests.sandbox.world import World, make_world  # noqa: E402

LIMIT_MS: Final = 100
SECONDS: Final = 3
GREEDY: Final = {
    "an endless loop": "while True: pass",
    "endless loops in 200 threads": (
        "import threading\ndef spin():\n    while True: pass\n"
        "for _ in range(200): threading.Thread(target=spin).start()"
    ),
    "memory taken and given back": (
        "while True:\n    held = []\n    try:\n        while True: held.append(bytearray(2**26))\n    except MemoryError: pass"
    ),
    "large files": "while True:\n    with open('x', 'wb') as file:\n        for _ in range(200): file.write(bytes(2**20))",
    "small files": "import itertools\nfor n in itertools.count(): open(str(n % 20000), 'w').close()",
    "files synchronised": "import os\nwhile True:\n    with open('x', 'wb') as file: file.write(b'x'); os.fsync(file)",
    "sockets and pipes": "import os, socket\nwhile True: a, b = socket.socketpair(); r, w = os.pipe(); os.close(r); os.close(w)",
    "processes": "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass",
    "threads": (
        "import threading\nwhile True:\n    done = threading.Event()\n    try:\n        for _ in range(1000):\n"
        "            threading.Thread(target=done.wait).start()\n    except RuntimeError: done.set()"
    ),
    "refused calls": "import os\nwhile True:\n    try: os.kill(1, 9)\n    except OSError: pass",
    "output": "import os\nwhile True: os.write(1, bytes(2**16))",
    "all attacks of the suite": (
        "import json, sys\n" + "while True: main(**json.loads(sys.argv[1]))"  # after the suite's own source
    ),
}


def slowest_ms(client: OpenAI, seconds: float) -> tuple[float, int]:
    """Of all calls made in that time, and how many they were."""
    thread = client.beta.threads.create()
    slowest, calls, end = 0.0, 0, perf_counter() + seconds
    while perf_counter() < end:
        before = perf_counter()
        client.beta.threads.retrieve(thread.id) if calls % 2 else client.beta.threads.create()
        slowest, calls = max(slowest, perf_counter() - before), calls + 1
        sleep(0.001)
    return slowest * 1000, calls


def during(client: OpenAI, name: str, code: str, world: World) -> tuple[float, int]:
    words = json.dumps(
        {"names": [n for n in attacks.ATTACKS if n not in attacks.ALONE], "targets": world.targets, "apart": False}
    )
    if name == "all attacks of the suite":
        code = stand_in.SOURCE.partition('if __name__ == "__main__":')[0] + code
    start = launch([sys.executable, "-I", "-S", "-c", code, words], world.room, Limits(), layers())
    if start.owner is not None:
        for path in (world.folder, *world.folder.rglob("*")):
            os.chown(path, start.owner, start.owner)
    process = subprocess.Popen(start.argv, env=start.env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        sleep(0.5)
        return slowest_ms(client, SECONDS)
    finally:
        process.kill()
        process.wait()


def main() -> int:
    print(f"behind {', '.join(layers())}; {os.cpu_count()} CPUs; the slowest answer, ms")
    client = assistant_nb.connect()
    slowest_ms(client, 0.5)  # the first calls import and compile
    rows = [("nothing", *slowest_ms(client, SECONDS))]
    for name, code in GREEDY.items():
        with ExitStack() as stack:
            rows.append((name, *during(client, name, code, make_world(stack, None))))
    for name, ms, calls in rows:
        print(f"{name:32}{ms:8.1f}{'  over' if ms > LIMIT_MS else ''}  of {calls} answers")
    return int(any(ms > LIMIT_MS for _, ms, _ in rows))


if __name__ == "__main__":
    sys.exit(main())
