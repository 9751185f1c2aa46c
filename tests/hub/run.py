"""A class at a Hub of its own: `python tests/hub/run.py [--learners N] [--home DIR]`. Part of tests/nightly.

JupyterHub and its proxy are installed in DIR, which is kept if you name one. Then N learners log in at once, open lesson
01 and lesson 08, and run all cells. Prints seconds and memory; ends with 1 if a cell fails that is not tagged so.
"""

import argparse
import json
import os
import secrets
import shutil
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import psutil
import requests
import websocket

from assistant_nb import course

HERE: Final = Path(__file__).parent
ROOT: Final = HERE.parents[1]
TOKEN: Final = secrets.token_hex()
HEADERS: Final = {"Authorization": f"token {TOKEN}"}
PORT: Final = 28770
HUB: Final = f"http://127.0.0.1:{PORT}"
LESSONS: Final = ("01", "08")
PATIENCE_S: Final = 300


class Hub:
    """JupyterHub with its proxy, installed in `home`."""

    def __init__(self, home: Path) -> None:
        self._home, self._bin = home, home / "venv/bin"
        self._proxy = home / "proxy/node_modules/.bin/configurable-http-proxy"

    def install(self) -> None:
        if not self._bin.exists():
            subprocess.run([sys.executable, "-m", "venv", self._home / "venv"], check=True)
            subprocess.run([self._bin / "pip", "install", "--quiet", "jupyterhub", f"{ROOT}[lab]"], check=True)
        if not self._proxy.exists():
            npm = shutil.which("npm")
            assert npm, "the proxy of JupyterHub comes from npm"
            subprocess.run(
                [npm, "install", "--silent", "--prefix", self._home / "proxy", "configurable-http-proxy"], check=True
            )

    @contextmanager
    def running(self) -> Iterator[None]:
        """Run the Hub until the end of the block."""
        (users := self._home / "users").mkdir(exist_ok=True)
        env = os.environ | {
            "HUB_HOME": str(users),
            "HUB_PORT": str(PORT),
            "HUB_TOKEN": TOKEN,
            "HUB_PROXY": str(self._proxy),
        }
        env["PATH"] = f"{self._bin}{os.pathsep}{os.environ['PATH']}"
        env.pop("VIRTUAL_ENV", None)
        with (self._home / "hub.log").open("w") as log:
            command = [str(self._bin / "python"), "-m", "jupyterhub", "-f", str(HERE / "config.py")]
            process = subprocess.Popen(command, env=env, cwd=users, stdout=log, stderr=subprocess.STDOUT)
        try:
            wait(lambda: ask("GET", "/hub/api/").ok, f"the Hub does not start, see {self._home / 'hub.log'}")
            yield
        finally:
            process.terminate()
            process.wait(60)


class Learner:
    """One who logs in, and runs lessons."""

    def __init__(self, name: str, home: Path) -> None:
        self.name, self.wrong = name, list[str]()
        self.seconds = dict[str, float]()
        self.folder = home / "users" / name
        self.folder.mkdir(parents=True, exist_ok=True)

    def learn(self) -> None:
        begin = time.monotonic()
        ask("POST", f"/hub/api/users/{self.name}").raise_for_status()
        ask("POST", f"/hub/api/users/{self.name}/server").raise_for_status()
        wait(self._is_ready, f"the server of {self.name} does not start")
        self.seconds["server"] = time.monotonic() - begin
        for lesson in LESSONS:
            begin = time.monotonic()
            self._run(course.find(lesson))
            self.seconds[f"lesson {lesson}"] = time.monotonic() - begin

    def memory_bytes(self) -> int:
        """Return what the learner's server and kernels take for themselves (USS)."""
        total = 0
        for process in psutil.process_iter():
            with suppress(psutil.Error):
                if process.environ().get("JUPYTERHUB_USER") == self.name:
                    total += process.memory_full_info().uss
        return total

    def _is_ready(self) -> bool:
        servers: dict[str, Any] = ask("GET", f"/hub/api/users/{self.name}").json().get("servers", {})
        return bool(servers.get("", {}).get("ready"))

    def _run(self, lesson: Path) -> None:
        """Run all cells in a new kernel, which stays, as in an open notebook."""
        made = ask("POST", f"/user/{self.name}/api/kernels", json={"name": "python3"})
        made.raise_for_status()
        address = f"{HUB.replace('http', 'ws')}/user/{self.name}/api/kernels/{made.json()['id']}/channels"
        line = websocket.create_connection(address, header=HEADERS, timeout=PATIENCE_S)
        for cell in course.read(lesson).cells:
            if cell.cell_type == "code":
                error = execute(line, cell.source)
                if error and not course.has_tag(cell, "raises-exception"):
                    self.wrong.append(f"{self.name}, lesson {lesson.stem[:2]}: {cell.source[:60]!r}: {error}")
        line.close()


def execute(line: "websocket.WebSocket", code: str) -> str | None:
    """Run code. Return its error."""
    id, error, left = uuid.uuid4().hex, None, {"execute_reply", "idle"}
    content = {"code": code, "silent": False, "store_history": True, "user_expressions": {}, "allow_stdin": False}
    header = {"msg_id": id, "msg_type": "execute_request", "username": "", "session": id, "version": "5.3"}
    line.send(
        json.dumps({"header": header, "parent_header": {}, "metadata": {}, "content": content, "channel": "shell"})
    )
    while left:
        message = json.loads(line.recv())
        if message["parent_header"].get("msg_id") == id:
            if message["msg_type"] == "error":
                error = f"{message['content']['ename']}: {message['content']['evalue'][:200]}"
            left -= {message["msg_type"], message["content"].get("execution_state")}
    return error


def ask(method: str, path: str, **more: Any) -> requests.Response:
    return requests.request(method, HUB + path, headers=HEADERS, timeout=PATIENCE_S, **more)


def wait(holds: Any, otherwise: str) -> None:
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        with suppress(requests.ConnectionError):
            if holds():
                return
        time.sleep(0.5)
    raise SystemExit(otherwise)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--learners", type=int, default=10)
    parser.add_argument("--home", type=Path)
    arguments = parser.parse_args()
    with TemporaryDirectory(prefix="anb-hub-") as spare:
        home = (arguments.home or Path(spare)).resolve()
        home.mkdir(parents=True, exist_ok=True)
        hub = Hub(home)
        hub.install()
        learners = [Learner(f"learner{n:02}", home) for n in range(arguments.learners)]
        with hub.running():
            with ThreadPoolExecutor(len(learners)) as together:
                list(together.map(Learner.learn, learners))
            memory = [learner.memory_bytes() for learner in learners]
            for learner in learners:
                ask("DELETE", f"/hub/api/users/{learner.name}/server")
        for part in learners[0].seconds:
            times = sorted(learner.seconds[part] for learner in learners)
            print(f"{part}: {times[0]:.1f} to {times[-1]:.1f} s")
        print(f"memory of one learner: {min(memory) / 1e6:.0f} to {max(memory) / 1e6:.0f} MB")
        wrong = [one for learner in learners for one in learner.wrong]
        print("\n".join(wrong) or f"{len(learners)} learners ran lessons {' and '.join(LESSONS)}: no cell failed")
        return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
