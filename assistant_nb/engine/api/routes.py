"""All operations of the API, and the one that a request asks for.

A request is told apart by its method, by the word behind `/v1` and by a pattern of its path. werkzeug's own matcher
would take a quarter of the time of a small request.
"""

import re
from typing import Any, Final

from . import assistants, chat, files, lab, messages, models, runs, stepper, threads, v1_files, vector_stores
from .base import Route

ROUTES: Final[list[Route[Any]]] = [
    *assistants.ROUTES,
    *threads.ROUTES,
    *messages.ROUTES,
    *runs.ROUTES,
    *files.ROUTES,
    *vector_stores.ROUTES,
    *v1_files.ROUTES,
    *models.ROUTES,
    *chat.ROUTES,
    *lab.ROUTES,
    *stepper.ROUTES,
]
_Patterns = list[tuple[re.Pattern[str], Route[Any]]]


def find(method: str, path: str) -> tuple[Route[Any], dict[str, str]] | None:
    """The route of a path, and the ids in it: `{"thread_id": "thread_1"}` of `/v1/threads/thread_1`."""
    for pattern, route in _PATTERNS.get((method, _word(path)), ()):
        if found := pattern.fullmatch(path):
            return route, found.groupdict()
    return None


def _word(path: str) -> str:
    return path.split("/", 3)[2] if path.startswith("/v1/") else ""


def _patterns() -> dict[tuple[str, str], _Patterns]:
    made: dict[tuple[str, str], _Patterns] = {}
    for route in sorted(ROUTES, key=lambda route: route.path.count("<")):  # a word goes before an id
        ids = re.sub(r"<(\w+)>", r"(?P<\1>[^/]+)", route.path).replace("<path:model>", "(?P<model>.+)")
        made.setdefault((route.method, _word(route.path)), []).append((re.compile(f"{ids}/?"), route))
    return made


_PATTERNS: Final = _patterns()
