"""`/v1/models`: the names that an assistant may ask for. Source: API reference, "Models"."""

from ..errors import NotFound
from ..wire import Json
from .base import Call, Route


def list_(call: Call) -> Json:
    return {"object": "list", "data": [_model(name) for name in call.runner.model.models]}


def retrieve(call: Call) -> Json:
    name = call.ids["model"]
    if name not in call.runner.model.models:
        raise NotFound(f"The model '{name}' does not exist", param="model", code="model_not_found")
    return _model(name)


def _model(name: str) -> Json:
    return {"id": name, "object": "model", "created": 0, "owned_by": "assistant_nb"}


ROUTES = [
    Route("GET", "/v1/models", list_, beta=False),
    Route("GET", "/v1/models/<path:model>", retrieve, beta=False),
]
