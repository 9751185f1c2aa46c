"""`/v1/models`: the names that an assistant may ask for. Source: API reference, "Models"."""

from typing import Any, Literal, TypedDict

from ..errors import Forbidden, NotFound
from ..wire import Listed
from .base import Call, Route


class Model(TypedDict):
    id: str
    object: Literal["model"]
    created: int
    owned_by: str


def list_(call: Call[object]) -> Listed[Model]:
    return {"object": "list", "data": [_model(name) for name in call.runner.model.models]}


def retrieve(call: Call[object]) -> Model:
    name = call.ids["model"]
    if name not in call.runner.model.models:
        raise NotFound(f"The model '{name}' does not exist", param="model", code="model_not_found")
    return _model(name)


def delete(call: Call[object]) -> Model:
    """Only fine-tuned models could be deleted, and there are none here."""
    retrieve(call)
    raise Forbidden(f"The model '{call.ids['model']}' is not yours to delete. Only fine-tuned models can be deleted.")


def _model(name: str) -> Model:
    return {"id": name, "object": "model", "created": 0, "owned_by": "assistant_nb"}


ROUTES: list[Route[Any]] = [
    Route("GET", "/v1/models", list_, beta=False),
    Route("GET", "/v1/models/<path:model>", retrieve, beta=False),
    Route("DELETE", "/v1/models/<path:model>", delete, beta=False),
]
