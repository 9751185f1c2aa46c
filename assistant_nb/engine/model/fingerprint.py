"""What of a prompt decides the answer, and its fingerprint. Pure.

Recordings find their answers by it, and runs are counted by it: the second run that begins with a prompt gets the
second answer to that prompt.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Final

from ..parts import Tool
from .base import Prompt, Turn

_FRAMES: Final = re.compile(r"^-{75}$.*^\n(?=\S)", re.DOTALL | re.MULTILINE)
"""A traceback as IPython shows it, without its last paragraph, which is the error."""


def essence(prompt: Prompt) -> dict[str, object]:
    """Reduce a prompt to what decides its answer, in the form in which recordings keep it."""
    return {
        "model": prompt.model,
        "instructions": prompt.instructions,
        "tools": [_tool(tool) for tool in prompt.tools],
        "messages": [_turn(turn) for turn in prompt.messages],
        "tool_choice": prompt.tool_choice,
        "response_format": prompt.settings["response_format"],
    }


def fingerprint(essence: Mapping[str, object]) -> str:
    """Return the SHA-256 of what decides an answer. Prompts with one fingerprint get the same answers.

    A format of plain text is the usual one: each API has its own way to say so, or not to say it.
    """
    if essence["response_format"] == {"type": "text"}:
        essence = {**essence, "response_format": "auto"}
    text = json.dumps(essence, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _turn(turn: Turn) -> dict[str, object]:
    """Return a turn without what changes from run to run: ids of uploaded pictures, frames of tracebacks."""
    content: object = turn.content
    if not isinstance(turn.content, str):
        content = [{"type": part["type"]} if part["type"] == "image_file" else part for part in turn.content]
    calls = [
        {
            "name": call.name,
            "arguments": call.arguments,
            "output": _FRAMES.sub("", call.output or "") if call.name == "code_interpreter" else call.output,
        }
        for call in turn.tool_calls
    ]
    return {"role": turn.role, "content": content, "tool_calls": calls}


def _tool(tool: Tool) -> str:
    return f"function:{tool['function']['name']}" if tool["type"] == "function" else tool["type"]
