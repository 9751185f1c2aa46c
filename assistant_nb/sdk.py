"""What the doors and the widgets share of the SDK: its two warnings silenced, its errors as sentences."""

import warnings
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import openai

_WARNINGS: Final = (r"The Assistants API is deprecated in favor of the Responses API\Z", r"deprecated\Z")
"""What openai 3.54 says at calls for threads, and at calls for assistants."""


class Refused(Exception):
    """What was asked for cannot be done; the text says why, and what to do instead."""


def quiet() -> None:
    """Let the SDK make no remark about the API's age."""
    for text in _WARNINGS:
        warnings.filterwarnings("ignore", text, DeprecationWarning)


def sentence(error: Exception) -> str:
    """What a person should know of an error that a call of the SDK has raised, and what to do next."""
    import openai

    match error:
        case Refused():
            return str(error)
        case openai.AuthenticationError() | openai.PermissionDeniedError():
            return f"The server refuses this client's key. {_words(error)} Make a client with the right one."
        case openai.APIStatusError():
            return f"The server says: {_words(error)}"
        case openai.APITimeoutError():
            return "The server took too long to answer. Try again."
        case openai.APIConnectionError():
            return "The server does not answer. Is it still running? assistant_nb.start() starts one."
        case openai.OpenAIError():
            return f"The server's answer cannot be used: {error}"
        case _:
            return f"assistant_nb met a bug of its own ({error!r}). Please report it."


def param(error: Exception) -> str | None:
    """The parameter that an error of the API is about, such as `tools[0].function.name`."""
    return getattr(error, "param", None)


def _words(error: "openai.APIStatusError") -> str:
    body = error.body if isinstance(error.body, dict) else {}
    text = str(body.get("message") or error.message)
    return text if text.endswith((".", "!", "?")) else f"{text}."
