"""Drives the engine with SDKs of other years and languages: `python tests/sdks/run.py`.

Each gets an environment of its own in a temporary folder. The Node SDK is left out, and named, where there is no npm.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

from assistant_nb.engine.app import create_app
from assistant_nb.engine.model.base import Prompt, ToolCall
from assistant_nb.engine.model.scripted import Scripted
from assistant_nb.engine.server import Server

HERE = Path(__file__).parent
PYTHON_SDKS = {
    "3.54.0": "conversation.py",
    "2.54.0": "conversation.py",
    "1.109.1": "conversation.py",
    "1.12.0": "lesson_v1.py",
}
KEY = "sk-sdks"


def talk(prompt: Prompt) -> Iterator[str | ToolCall]:
    """Calls the function it is offered for two cities, then says what that answered."""
    rome, oslo = (ToolCall("get_weather", f'{{"city": "{city}"}}') for city in ("Rome", "Oslo"))
    if prompt.messages[-1].tool_calls:
        warm, cold = (call.output for call in prompt.messages[-1].tool_calls)
        yield from (f"It is {warm} in Rome ", f"and {cold} in Oslo.")
    elif prompt.tool_choice == "none" or not any(tool["type"] == "function" for tool in prompt.tools):
        yield "Let us see."
    else:
        yield from (rome, oslo)


def drive(*command: str | Path, cwd: Path | None = None) -> str:
    """Run a script against an engine of its own. Returns its last words: which SDK held the whole conversation."""
    with Server(create_app(model=Scripted(*[talk] * 20)), KEY) as server:
        env = {**os.environ, "OPENAI_BASE_URL": server.url, "OPENAI_API_KEY": KEY, "NO_PROXY": "127.0.0.1"}
        ran = subprocess.run(command, check=True, env=env, cwd=cwd, timeout=120, stdout=subprocess.PIPE, text=True)
    return ran.stdout.strip()


def installed(home: Path, *packages: str) -> Path:
    """An environment with these packages in it; gives its Python."""
    python = home / "bin" / "python"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", home], check=True)
    subprocess.run([sys.executable, "-m", "pip", "--python", python, "install", "--quiet", *packages], check=True)
    return python


def main() -> None:
    with TemporaryDirectory() as name, ThreadPoolExecutor() as beside:
        # The SDK of early 2024 uses an option that httpx has dropped since.
        pythons = {
            version: beside.submit(installed, Path(name) / version, f"openai=={version}", "httpx<0.28")
            for version in PYTHON_SDKS
        }
        for version, script in PYTHON_SDKS.items():
            print(drive(pythons[version].result(), HERE / script))
        if npm := shutil.which("npm"):
            subprocess.run([npm, "install", "--silent", "openai@latest"], check=True, cwd=name)
            shutil.copy(HERE / "conversation.mjs", name)
            print(drive("node", "conversation.mjs", cwd=Path(name)))
        else:
            print("no npm here: the Node SDK was not tried")


if __name__ == "__main__":
    main()
