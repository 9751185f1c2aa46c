"""Mistakes with the engine and the client, before a first request."""

from typing import Final

from ..row import BEGIN, Mistake

_NEW_CLIENT: Final = ("{start}; from openai import OpenAI; {client} = OpenAI()",)

ROWS: Final = (
    Mistake(
        "OpenAI() before start, without a key",
        r"OpenAIError",
        r"api_key|API_KEY",
        "There is no key, and no engine is running yet. The engine needs no key of yours.",
        ("{start}; {made}",),
        BEGIN,
    ),
    Mistake(
        "OpenAI() before start, with a real key",
        r"NotFoundError|AuthenticationError|PermissionDeniedError",
        r"",
        "This client goes to the hosted service, where the Assistants API is switched off. Make it after the start.",
        _NEW_CLIENT,
        BEGIN,
        "hosted",
    ),
    Mistake(
        "a client of an engine that has stopped",
        r"APIConnectionError|APIStatusError|AuthenticationError",
        r"Connection error|This engine was stopped|takes only its own",
        "The engine of this client has stopped, or is another one now.",
        _NEW_CLIENT,
        BEGIN,
    ),
)
