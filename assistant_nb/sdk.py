"""What `start`, `connect` and the widgets need of the SDK: its two warnings silenced, its errors as sentences."""

import sys
import warnings
from typing import Final

_WARNINGS: Final = (r"The Assistants API is deprecated in favor of the Responses API\Z", r"deprecated\Z")
"""The warnings of openai 3.54 at calls for threads, and at calls for assistants."""


class Refused(Exception):
    """A request cannot be done. The text says why, and what to do instead."""


def quiet() -> None:
    """Silence the SDK's warnings that the API is deprecated."""
    for text in _WARNINGS:
        warnings.filterwarnings("ignore", text, DeprecationWarning)


def sentence(error: Exception) -> str:
    """Return an error of an SDK call as a sentence, with what to do next."""
    import openai

    match error:
        case Refused():
            return str(error)
        case openai.AuthenticationError() | openai.PermissionDeniedError():
            return f"The server refuses this client's key. {words(error)} Make a client with the right one."
        case openai.APIStatusError():
            return f"The server says: {words(error)}"
        case openai.APITimeoutError():
            return "The server took too long to answer. Try again."
        case openai.APIConnectionError():
            return "The server does not answer. Is it still running? assistant_nb.start() starts one."
        case openai.OpenAIError():
            return f"The server's answer cannot be used: {error}"
        case _:
            return f"assistant_nb met a bug of its own ({error!r}). Please report it."


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
