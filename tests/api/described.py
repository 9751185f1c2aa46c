"""An API's published description, for tests: which operation a request is, and what is wrong with an answer."""

import json
import lzma
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from tests.api.shapes import Json


class Described:
    """`Described(Path("openapi.json"))`, or the same compressed by xz."""

    def __init__(self, path: Path) -> None:
        data = path.read_bytes()
        self.description: Json = _with_nulls(json.loads(lzma.decompress(data) if path.suffix == ".xz" else data))
        self.operations = self._operations()
        resources = [("urn:description", DRAFT202012.create_resource(self.description))]
        self._registry = Registry[Any]().with_resources(resources)

    def _operations(self) -> dict[str, tuple[str, re.Pattern[str], Json]]:
        """Of each operation its method, its path as a pattern, and itself. Fixed paths come before those with ids."""
        found = {}
        for path, methods in sorted(self.description["paths"].items(), key=lambda item: item[0].count("{")):
            pattern = re.compile(re.sub(r"\{\w+\}", "[^/]+", path))
            for method, operation in methods.items():
                found[operation["operationId"]] = (method.upper(), pattern, operation)
        return found

    def operation(self, method: str, path: str) -> str | None:
        for id, (of, pattern, _) in self.operations.items():
            if of == method and pattern.fullmatch(path):
                return id
        return None

    def answer_faults(self, id: str, answer: Json) -> Iterator[str]:
        """What is wrong with an answer of an operation, if the description says what it answers."""
        method, _, operation = self.operations[id]
        if "content" not in operation["responses"]["200"]:
            return
        path = next(path for path, methods in self.description["paths"].items() if operation in methods.values())
        escaped = path.replace("/", "~1").replace("{", "%7B").replace("}", "%7D")
        yield from self.faults(
            f"/paths/{escaped}/{method.lower()}/responses/200/content/application~1json/schema", answer
        )

    def faults(self, pointer: str, value: Any) -> Iterator[str]:
        """What a part of the description, named by a JSON pointer, finds wrong: `thread.run .model: … is not …`."""
        validator = Draft202012Validator({"$ref": f"urn:description#{pointer}"}, registry=self._registry)
        for error in validator.iter_errors(value):
            thing, path = value, list(error.absolute_path)
            if path[:1] == ["data"] and len(path) > 1:  # an item of a list speaks for itself
                thing, path = value["data"][path[1]], path[2:]
            place = "".join("[]" if isinstance(step, int) else f".{step}" for step in path)
            yield f"{thing.get('object', thing.get('type'))}{place}: {_words(error)}"


def _with_nulls(part: Any) -> Any:
    """It says `nullable`, as descriptions did before version 3.1; JSON Schema says it with a type."""
    if isinstance(part, list):
        return [_with_nulls(inner) for inner in part]
    if not isinstance(part, dict):
        return part
    inner = {name: _with_nulls(value) for name, value in part.items()}
    return {"anyOf": [inner, {"type": "null"}]} if inner.pop("nullable", False) is True else inner


def _words(error: ValidationError) -> str:
    if error.validator in ("anyOf", "oneOf"):
        return f"{str(error.instance)[:30]} fits none of {len(error.validator_value)} kinds"
    return str(error.message)
