"""Drives the engine with SDKs of other years and languages, and with frameworks: `python tests/sdks/run.py`.

Each gets an environment of its own in a temporary folder. With `--all` come those that take longest, too: the gate has
one of each API and language. The Node SDK is left out, and named, where there is no npm.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from assistant_nb.engine.app import create_app
from assistant_nb.engine.errors import ModelError
from assistant_nb.engine.model.base import Prompt, ToolCall, tool_name
from assistant_nb.engine.model.scripted import Scripted
from assistant_nb.engine.server import Server

HERE = Path(__file__).parent
KEY = "sk-sdks"
LINES = 100
"""How often a script may make the model speak."""


@dataclass(frozen=True, slots=True)
class Environment:
    """What is installed together, and the scripts that run there."""

    packages: tuple[str, ...]
    scripts: tuple[str, ...]
    nightly: bool = False


PYTHON: Final = (
    Environment(("openai==3.54.0",), ("conversation.py", "responses_sdk.py")),
    # The SDK of early 2024 uses an option that httpx has dropped since.
    *(Environment((f"openai=={version}", "httpx<0.28"), ("conversation.py",)) for version in ("2.54.0", "1.109.1")),
    Environment(("openai==1.12.0", "httpx<0.28"), ("lesson_v1.py",)),
    Environment(("openai",), ("responses_sdk.py",), nightly=True),
    Environment(("openai-agents",), ("with_agents.py",), nightly=True),
    Environment(("pydantic-ai-slim[openai]",), ("with_pydantic_ai.py",), nightly=True),
    Environment(("langchain-openai",), ("with_langchain.py",), nightly=True),
)
NODE: Final = ("conversation.mjs", "responses_sdk.mjs")


def talk(prompt: Prompt) -> Iterator[str | ToolCall]:
    """Answers by what it is asked and offered, so that a client sees from the answer what has arrived."""
    last, offered = prompt.messages[-1], [tool_name(tool) for tool in prompt.tools]
    degrees = [call.output for call in last.tool_calls if call.name == "get_weather"]
    handoff = next((name for name in offered if name.startswith("transfer_to_")), None)
    asked = json.dumps(last.content) if last.role == "user" else ""
    if degrees:
        yield from (f"It is {degrees[0]} in Rome ", f"and {degrees[1]} in Oslo.")
    elif "Fail." in asked:
        raise ModelError("out of coffee")
    elif "How many?" in asked:
        yield f"That is question {sum(turn.role == 'user' for turn in prompt.messages)}."
    elif isinstance(prompt.settings["response_format"], dict) and "json_schema" in prompt.settings["response_format"]:
        yield '{"city": "Rome", "degrees": 18}'
    elif "Apples?" in asked:
        yield ToolCall("file_search", "apples")
    elif any(call.name == "file_search" for call in last.tool_calls):
        yield "They are red【4:0†a.txt】."
    elif handoff and not last.tool_calls:
        yield ToolCall(handoff, "{}")
    elif prompt.tool_choice == "none" or "get_weather" not in offered:
        yield "Let us see."
    else:
        yield from (ToolCall("get_weather", f'{{"city": "{city}"}}') for city in ("Rome", "Oslo"))


def drive(*command: str | Path, cwd: Path | None = None) -> str:
    """Run a script against an engine of its own. Returns its last words: which SDK held the whole conversation."""
    with Server(create_app(model=Scripted(*[talk] * LINES)), KEY) as server:
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
    wanted = [one for one in PYTHON if "--all" in sys.argv[1:] or not one.nightly]
    with TemporaryDirectory() as name, ThreadPoolExecutor() as beside:
        pythons = [beside.submit(installed, Path(name) / str(n), *one.packages) for n, one in enumerate(wanted)]
        for one, python in zip(wanted, pythons, strict=True):
            for script in one.scripts:
                print(drive(python.result(), HERE / script))
        if npm := shutil.which("npm"):
            subprocess.run([npm, "install", "--silent", "openai@latest"], check=True, cwd=name)
            for script in NODE:
                shutil.copy(HERE / script, name)
                print(drive("node", script, cwd=Path(name)))
        else:
            print("no npm here: the Node SDK was not tried")


if __name__ == "__main__":
    main()
