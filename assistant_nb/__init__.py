"""A Jupyter-native toolkit for the Assistants API: lessons, widgets, and an engine that answers offline.

import assistant_nb as anb
anb.start()                      # the engine, for `OpenAI()` and everything else in this process
client = anb.connect()           # or an SDK client of its own, nothing listens
"""

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .answers import journal as journal
    from .answers import said as said
    from .client import connect as connect
    from .client import start as start
    from .client import stop as stop
    from .engine.model.base import ToolCall as ToolCall
    from .engine.model.scripted import Scripted as Scripted
    from .exercises.desk import check as check
    from .exercises.desk import hint as hint
    from .exercises.desk import progress as progress
    from .exercises.desk import solution as solution
    from .functions import function_tool as function_tool
    from .functions import tool_outputs as tool_outputs
    from .moving.conversation import to_conversation as to_conversation
    from .moving.program import as_responses as as_responses
    from .places import goto as goto
    from .places import reset as reset
    from .sandbox.limits import Limits as Limits
    from .widgets.assistant_form.assistant_form import AssistantForm as AssistantForm
    from .widgets.run_stepper.run_stepper import RunStepper as RunStepper
    from .widgets.thread_view.thread_view import ThreadView as ThreadView

__version__ = "0.1.0"

_HOMES = {
    "AssistantForm": "widgets.assistant_form.assistant_form",
    "Limits": "sandbox.limits",
    "RunStepper": "widgets.run_stepper.run_stepper",
    "Scripted": "engine.model.scripted",
    "ThreadView": "widgets.thread_view.thread_view",
    "ToolCall": "engine.model.base",
    "as_responses": "moving.program",
    "check": "exercises.desk",
    "connect": "client",
    "function_tool": "functions",
    "goto": "places",
    "hint": "exercises.desk",
    "journal": "answers",
    "progress": "exercises.desk",
    "reset": "places",
    "said": "answers",
    "solution": "exercises.desk",
    "start": "client",
    "stop": "client",
    "to_conversation": "moving.conversation",
    "tool_outputs": "functions",
}

__all__ = list(_HOMES)


def __getattr__(name: str) -> Any:
    """Import a public name at its first use, so that importing the package takes no time."""
    if name not in _HOMES:
        raise AttributeError(f"module 'assistant_nb' has no attribute '{name}'; it has {', '.join(__all__)}")
    try:
        return getattr(import_module(f".{_HOMES[name]}", __name__), name)
    except ModuleNotFoundError as missing:
        if not _HOMES[name].startswith("widgets"):
            raise
        raise ImportError(
            f"{name} needs {missing.name}. Install it with: pip install 'assistant_nb[widgets]'"
        ) from None


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])


def _show_mistakes() -> None:
    """Let IPython, if this is one, show a beginner's mistakes in a few lines."""

    def handle(*error: Any, **_: Any) -> None:
        import_module(".mistakes.shown", __name__).handle(*error)

    if (ipython := sys.modules.get("IPython")) and (shell := ipython.get_ipython()):
        shell.set_custom_exc((Exception,), handle)


_show_mistakes()
