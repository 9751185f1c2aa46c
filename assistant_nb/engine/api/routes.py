"""All operations of the API, and the one that a request asks for."""

from typing import Any, Final

from werkzeug.routing import Map, Rule

from . import assistants, chat, files, lab, messages, models, runs, stepper, threads, v1_files, vector_stores
from .base import Route
from .responses import containers, conversations, responses

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
    *responses.ROUTES,
    *conversations.ROUTES,
    *containers.ROUTES,
    *lab.ROUTES,
    *stepper.ROUTES,
]
_MAP: Final = Map(  # compiled once: it takes longer than all else that an engine needs to begin
    [Rule(route.path, methods=[route.method], endpoint=route) for route in ROUTES],
    strict_slashes=False,
    merge_slashes=False,
    redirect_defaults=False,
).bind("")


def find(method: str, path: str) -> tuple[Route[Any], dict[str, str]]:
    """The route of a path, and the ids in it: `{"thread_id": "thread_1"}` of `/v1/threads/thread_1`.

    Raises werkzeug's NotFound and MethodNotAllowed.
    """
    route, ids = _MAP.match(path, method)
    return route, dict(ids)
