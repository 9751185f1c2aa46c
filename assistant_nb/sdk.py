"""What `start`, `connect` and the widgets need of the SDK: its warnings silenced, its errors as sentences."""

import sys
import warnings
from typing import Any, Final

_WARNINGS: Final = (r"The Assistants API is deprecated in favor of the Responses API\Z", r"deprecated\Z")
"""The warnings of openai 3.54 at calls for threads, and at calls for assistants."""
_IN_BROWSER: Final = r"The following transport option\(s\) are not supported on Emscripten"
"""A warning of httpx2 there, at each client that the SDK makes."""
FROM_TOP: Final = "After a restart this kernel's engine is new: run the cells from the top."
UNANSWERED: Final = "The newest message is yours. No run has answered it."
KINDS: Final = {
    "thread": "a thread",
    "asst": "an assistant",
    "run": "a run",
    "msg": "a message",
    "step": "a run step",
    "vs": "a vector store",
    "file": "a file",
    "call": "a tool call",
    "conv": "a conversation",
    "resp": "a response",
}
"""How ids begin, and what they are the ids of."""


class Refused(Exception):
    """A request cannot be done. The text says why, and what to do instead."""


def quiet() -> None:
    """Silence the SDK's warnings that the API is deprecated, and the one about its HTTP library in a browser."""
    for text in _WARNINGS:
        warnings.filterwarnings("ignore", text, DeprecationWarning)
    warnings.filterwarnings("ignore", _IN_BROWSER, UserWarning)


def sentence(error: Exception) -> str:
    """Return an error of an SDK call as a sentence, with what to do next."""
    import openai

    match error:
        case Refused():
            return str(error)
        case openai.AuthenticationError() | openai.PermissionDeniedError():
            return f"The server refuses this client's key. {words(error)} Make a client with the right one."
        case openai.NotFoundError():
            return f"The server says: {words(error)} {FROM_TOP}"
        case openai.APIStatusError():
            return f"The server says: {words(error)}"
        case openai.APITimeoutError():
            return "The server took too long to answer. Try again."
        case openai.APIConnectionError():
            return "The server does not answer. Start a new engine: anb.stop(); anb.start(); client = OpenAI()"
        case openai.OpenAIError():
            return f"The server's answer cannot be used: {error}"
        case _:
            return f"assistant_nb met a bug of its own ({error!r}). Please report it."


def id_of(thing: Any, kind: str, better: str) -> str:
    """Return the id of an object or an id. Raises TypeError if it is one of another kind, such as "a run"."""
    id = thing if isinstance(thing, str) else str(thing.id)
    given = KINDS.get(id.partition("_")[0], kind)
    if given != kind:
        raise TypeError(f"'{id}' is the id of {given}. This place needs the id of {kind}. Write: {better}")
    return id


def param(error: BaseException) -> str | None:
    """Return the parameter that an error of the API names, such as `tools[0].function.name`."""
    return getattr(error, "param", None)


def is_known(error: BaseException) -> bool:
    """True for errors of the SDK, and for ours that say what to do. Imports nothing: one that was raised is there."""
    known = getattr(sys.modules.get("openai"), "OpenAIError", Refused)
    return isinstance(error, (Refused, known))


def words(error: BaseException) -> str:
    """Return what an error says: of an answer of the API its own sentence."""
    body = getattr(error, "body", None)
    text = str((isinstance(body, dict) and body.get("message")) or getattr(error, "message", "") or error)
    return text if text.endswith((".", "!", "?")) else f"{text}."
