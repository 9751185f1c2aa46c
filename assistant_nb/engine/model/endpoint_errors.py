"""Errors of an endpoint, in words that say what to do next. Pure.

Endpoints say the same thing in different words. So a refusal is recognised by its status, its code, and words that
OpenAI, Azure, vLLM, llama.cpp, Ollama and LiteLLM have in common.
"""

import re
from collections.abc import Sequence
from typing import Final

from ...texts import short
from ..errors import LastErrorCode, ModelError

_LONGEST: Final = 300

_TOO_LONG: Final = re.compile(
    r"context[ _](length|window|size)|too many tokens|prompt is too long|exceed.*context", re.IGNORECASE
)
_NO_MODEL: Final = re.compile(
    r"model.{0,80}(not.{0,4}found|not exist|invalid)|(invalid|unknown|no such) model|model_not", re.IGNORECASE
)
_NO_TOOLS: Final = re.compile(
    r"(tool|function).{0,60}not.{0,12}support|not.{0,12}support.{0,60}(tool|function)|--enable-auto-tool", re.IGNORECASE
)
_NO_PICTURES: Final = re.compile(
    r"(image|vision|multimodal|mmproj).{0,60}not.{0,12}support|not.{0,12}support.{0,60}(image|vision|multimodal)"
    r"|image_url is only supported|mmproj",
    re.IGNORECASE,
)


class Silence(BaseException):
    """The endpoint has said nothing for too long.

    It is no Exception, because the SDK asks again after an Exception, and each time the wait would be as long.
    """

    def __init__(self, connected: bool) -> None:
        super().__init__("silence")
        self.connected = connected


def refused(host: str, model: str, status: int, code: str, words: str, retry_after: str = "") -> ModelError:
    """Return the error for a status of 400 or more. `words` are the endpoint's own, without secrets."""
    said = _quoted(words)
    if _NO_PICTURES.search(words):
        return _error(
            f"'{model}' at {host} reads no pictures{said}. Leave the picture out, or use a model that does.",
            "invalid_prompt",
        )
    match status:
        case 401 | 407:
            return _error(
                f"{host} does not take the key. Give a valid one with api_key=…, or set OPENAI_API_KEY before."
            )
        case 403:
            return _error(
                f"{host} forbids this with this key{said}. Use another key, or ask whoever runs the endpoint."
            )
        case 402:
            return _quota(host, said)
        case 429 if "quota" in f"{code} {words}".lower() or "billing" in words.lower():
            return _quota(host, said)
        case 429:
            wait = f", to wait {retry_after} s" if re.fullmatch(r"[\d.]+", retry_after) else ""
            return _error(f"{host} asks for fewer requests{wait}{said}. Try again later.", "rate_limit_exceeded")
        case 408 | 504:
            return _error(f"{host} took too long for an answer{said}. Try again, or ask for less.")
        case _ if status >= 500:
            return _error(f"{host} failed with status {status}{said}. Try again; if it stays so, look into its log.")
    if _TOO_LONG.search(f"{code} {words}"):
        return _error(
            f"The conversation is too long for '{model}' at {host}{said}. Begin a new thread, or keep the run's prompt"
            " short with truncation_strategy.",
            "invalid_prompt",
        )
    if _NO_MODEL.search(f"{code} {words}"):
        return _error(f"{host} knows no model '{model}'{said}. Name one that it has: model=….", "invalid_prompt")
    if _NO_TOOLS.search(words):
        return _error(
            f"'{model}' at {host} cannot call tools{said}. Take the tools off the assistant, or use another model.",
            "invalid_prompt",
        )
    if status in (404, 405):
        return _error(f"{host} has no chat completions at this base_url. Most end in /v1.", "invalid_prompt")
    return _error(f"{host} refused the prompt with status {status}{said}. Change what it names.", "invalid_prompt")


def not_reached(host: str, reason: str) -> ModelError:
    return _error(f"{host} cannot be reached ({reason}). Is it running, and is base_url right?")


def not_trusted(host: str, reason: str) -> ModelError:
    return _error(
        f"The connection to {host} is not safe ({reason}). If its certificate is your own, name it in SSL_CERT_FILE;"
        " if it speaks no TLS, its base_url begins with http://."
    )


def proxy_failed(host: str, reason: str) -> ModelError:
    return _error(
        f"The proxy of this environment does not let through to {host} ({reason}). See HTTPS_PROXY and NO_PROXY."
    )


def sent_away(host: str, origin: str) -> ModelError:
    return _error(
        f"{host} sends requests on to {origin}, an address that nobody named. Nothing went there. If you trust it:"
        f' base_url="{origin}/v1".'
    )


def connect_timed_out(host: str, seconds: float) -> ModelError:
    return _error(f"{host} did not take the call within {seconds:g} s. Is it running, and is base_url right?")


def fell_silent(host: str, seconds: float) -> ModelError:
    return _error(f"{host} has been silent for {seconds:g} s. Try again, or wait longer with a larger stall_s.")


def cut_off(host: str) -> ModelError:
    return _error(f"The answer of {host} broke off before its end. Try again.")


def not_a_stream(host: str, content_type: str) -> ModelError:
    what = f"'{content_type.partition(';')[0]}'" if content_type else "nothing"
    return _error(
        f"{host} answered with {what}, not with a stream of chunks. Is base_url the one of chat completions? Most end"
        " in /v1."
    )


def not_chunks(host: str) -> ModelError:
    return _error(f"{host} answered with something that is no chunk of a chat completion. Is base_url right?")


def not_called(host: str, tools: Sequence[str], why: str) -> ModelError:
    which = f"the tool '{tools[0]}'" if len(tools) == 1 else f"one of the tools {', '.join(tools)}"
    return _error(
        f"{host} did not call {which}, which tool_choice demands{f' ({why})' if why else ''}. Use another model, or"
        " tool_choice='auto'."
    )


def filtered(host: str) -> ModelError:
    return _error(f"The content filter of {host} stopped the answer. Word the question differently.", "invalid_prompt")


def _quota(host: str, said: str) -> ModelError:
    return _error(f"The quota at {host} is used up{said}. See to the account there.", "rate_limit_exceeded")


def _quoted(words: str) -> str:
    """Return the endpoint's words in brackets, or nothing for a web page."""
    words = " ".join(words.split()).rstrip(".")
    if not words or words.startswith("<"):
        return ""
    return f" (“{short(words, _LONGEST)}”)"


def _error(message: str, code: LastErrorCode = "server_error") -> ModelError:
    return ModelError(message, code)
