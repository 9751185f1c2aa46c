"""Odd requests against an engine in process, made from the descriptions of its two APIs, right and wrong.

    python tests/bench/fuzz.py                      10,000 cases for each API, of seed 0
    python tests/bench/fuzz.py 500 --seed 7

Looks for answers 5xx, errors without the envelope `{"error": {message, type, param, code}}`, answers that are not
JSON, streams without an end, and requests that take longer than TOO_LONG_S. Every finding comes with what was sent;
a case depends on the seed and, where runs move in the background, on chance. Ends with status 1 when it found any.

Why not schemathesis: it brings forty packages, and knows nothing of ids that were given out earlier, which is
where the interesting requests are.
"""

import argparse
import faulthandler
import json
import lzma
import os
import random
import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

from werkzeug.test import Client, TestResponse

from assistant_nb.engine.app import create_app
from assistant_nb.engine.errors import ModelError
from assistant_nb.engine.model.base import Prompt, ToolCall
from assistant_nb.engine.model.scripted import Scripted

Json = dict[str, Any]

WIRE = Path(os.environ.get("ASSISTANT_NB_WIRE", Path(__file__).parents[3] / "shared" / "wire"))
RESPONSES = Path(__file__).parents[1] / "api" / "responses" / "description.json.xz"
TOO_LONG_S = 2.0
HANGS_S = 30.0
"""Then the script ends itself and shows where every thread is."""
CASES_PER_ENGINE = 500

WRONG: list[Any] = [
    None, True, False, 0, -1, 1.5, 10**30, "", " ", "\0", "\ud800", "é😀", "x" * 70, "x" * 600, [], {}, [None], [[]],
    {"type": "text"}, {"": None}, "auto", "../..", "file-none",
]  # fmt: skip


PREFIXES: dict[str, str | tuple[str, ...]] = {
    "assistant_id": "asst", "thread_id": "thread", "message_id": "msg", "run_id": "run", "step_id": "step",
    "file_id": "file", "file_ids": "file", "vector_store_id": "vs_", "vector_store_ids": "vs_", "batch_id": "vsfb",
    "tool_call_id": "call", "response_id": "resp", "previous_response_id": "resp", "conversation_id": "conv",
    "item_id": ("msg", "fc"), "call_id": "call", "container_id": "cntr",
}  # fmt: skip

RUN_HERE = {
    "model", "input", "stream", "instructions", "previous_response_id", "conversation", "store", "background",
    "tool_choice", "parallel_tool_calls", "text", "max_output_tokens", "truncation", "metadata", "include",
    "temperature", "top_p", "reasoning",
}  # fmt: skip
"""What a response may ask for without being refused, beside some tools."""
FUNCTION: Json = {"type": "function", "name": "f", "parameters": {"type": "object", "properties": {}}}


class Maker:
    """Makes values for schemas of the description."""

    def __init__(self, description: Json, chance: random.Random) -> None:
        self._description, self._chance = description, chance
        self.things: list[Json] = []
        """What the engine has given out so far."""
        self.spoil = 0.0
        """How often a value is one that nobody expects."""

    def value(self, schema: Json, depth: int = 0) -> Any:
        """A value that the schema allows, most of the time."""
        while "$ref" in schema:
            schema = self._named(schema["$ref"])
        if self._chance.random() < self.spoil:
            return self._chance.choice(WRONG)
        for word in ("const", "default", "example"):
            if word in schema and (word == "const" or self._chance.random() < 0.3):
                return schema[word]
        if "enum" in schema:
            return self._chance.choice(schema["enum"])
        if choices := schema.get("anyOf") or schema.get("oneOf"):
            choice = self._chance.choice(choices)
            if "properties" not in schema:
                return self.value(choice, depth)
            others = {name for other in choices if other is not choice for name in other.get("required", [])}
            kept = {name: inner for name, inner in schema["properties"].items() if name not in others}
            schema = {**schema, "properties": kept, "required": [*schema.get("required", []), *choice["required"]]}
        if parts := schema.get("allOf"):
            made = [self.value(part, depth) for part in parts]
            return {k: v for part in made if isinstance(part, dict) for k, v in part.items()} or made[0]
        return self._typed(schema, depth)

    def _typed(self, schema: Json, depth: int) -> Any:
        kinds = schema.get("type", "object" if "properties" in schema else "string")
        match self._chance.choice(kinds) if isinstance(kinds, list) else kinds:
            case "object":
                return self._object(schema, depth)
            case "array":
                return [self.value(schema.get("items", {}), depth + 1) for _ in range(self._few(depth))]
            case "integer" | "number" as kind:
                inside = {"minimum": schema.get("minimum", 0), "maximum": schema.get("maximum", 500)}
                number = self._chance.uniform(*inside.values()) + self._chance.choice([0, 0, 1, -1]) * bool(self.spoil)
                return int(number) if kind == "integer" else number
            case "boolean":
                return self._chance.random() < 0.5
            case "null":
                return None
            case _:
                return self._chance.choice(["a", "gpt-4o", "Is it warm?", "user", "get_weather", self.id()])

    def _object(self, schema: Json, depth: int) -> Json:
        required, likely = schema.get("required", []), 0.5 / (depth + 1)
        made = {
            name: self._named_value(name, inner, depth + 1)
            for name, inner in schema.get("properties", {}).items()
            if self._chance.random() < (1 - self.spoil if name in required else likely)
        }
        if self._chance.random() < self.spoil:
            made["surprise"] = self._chance.choice(WRONG)
        if schema.get("additionalProperties") and not made:
            made = {"a": self._chance.choice(WRONG if self._chance.random() < self.spoil else ["b", "c"])}
        return made

    def _named_value(self, name: str, schema: Json, depth: int) -> Any:
        if self._chance.random() > self.spoil:
            if name.endswith("_id"):
                return self.id(name)
            if name.endswith("_ids"):
                return [self.id(name) for _ in range(1 + self._few(depth))]
        return self.value(schema, depth)

    def id(self, name: str = "") -> str:
        """An id that exists, of the kind that the name asks for, most of the time."""
        return str(self.thing(name)["id"])

    def thing(self, name: str, holders: list[str] | None = None) -> Json:
        """An object that `name` may stand for: `thing("run_id")`. With its thread or store it makes a whole path."""
        named = [thing for thing in self.things if thing["id"].startswith(PREFIXES.get(name, ""))]
        fitting = [thing for thing in named if thing.keys() >= set(holders or ())] or named
        if not fitting or self._chance.random() < self.spoil:
            return {"id": self._chance.choice(["asst_none", "thread_none", "file-none", "é", "%00", "x" * 300])}
        return self._chance.choice(fitting[-12:])

    def keep(self, answer: Any, inside: Json | None = None) -> None:
        """Remember the objects in an answer, and what they are inside of."""
        found = list({thing["id"]: {**(inside or {}), **thing} for thing in things_in(answer)}.values())[:20]
        again = {thing["id"] for thing in found}
        self.things = [thing for thing in self.things[-300:] if thing["id"] not in again] + found

    def _few(self, depth: int) -> int:
        return self._chance.choice([0, 1, 1, 2, 3]) if depth < 5 else 0

    def _named(self, ref: str) -> Json:
        found: Json = self._description
        for step in ref.removeprefix("#/").split("/"):
            found = found[step]
        return found


def operations(description: Json) -> list[tuple[str, str, Json]]:
    return [
        (method.upper(), path, operation)
        for path, methods in description["paths"].items()
        for method, operation in methods.items()
        if not path.startswith("/uploads")
    ]


def request(method: str, path: str, operation: Json, make: Maker, chance: random.Random) -> Json:
    """What `werkzeug.test.Client.open` takes for one case."""
    query: Json = {}
    make.spoil = chance.choice([0.0, 0.0, 0.03, 0.1])
    inside = [parameter["name"] for parameter in operation.get("parameters", []) if parameter["in"] == "path"]
    last = make.thing(inside[-1], inside[:-1]) if inside else {}
    waiting = [thing for thing in make.things[-50:] if thing.get("required_action")]
    if submits := path.endswith("/submit_tool_outputs") and waiting and make.spoil < 0.1:
        last = waiting[-1]
    for name in inside:
        path = path.replace(f"{{{name}}}", last["id"] if name == inside[-1] else last.get(name) or make.id(name))
    for parameter in operation.get("parameters", []):
        name = parameter["name"]
        if parameter["in"] == "query" and chance.random() < 0.3:
            value = make.id() if name in ("after", "before") else make.value(parameter["schema"])
            query[name] = [_unicode(inner) for inner in value] if isinstance(value, list) else _unicode(value)
    beta = chance.choices(["assistants=v2", "assistants=v1", ""], [0.92, 0.06, 0.02])[0]
    sent: Json = {"path": f"/v1{path}", "method": method, "query_string": query, "headers": {"OpenAI-Beta": beta}}
    content = operation.get("requestBody", {}).get("content", {})
    if "multipart/form-data" in content:
        sent["data"] = _form(make.value(content["multipart/form-data"]["schema"]), chance)
    elif content:
        body = make.value(content["application/json"]["schema"])
        if submits and isinstance(body, dict):
            body["stream"] = chance.random() < 0.5
            calls = last["required_action"]["submit_tool_outputs"]["tool_calls"]
            body["tool_outputs"] = [{"tool_call_id": call["id"], "output": "18 °C"} for call in calls]
        if path.startswith("/responses") and isinstance(body, dict) and chance.random() < 0.7:
            body = _that_runs(body, make, chance)
        sent["data"] = _body(body, make.spoil, chance)
        sent["content_type"] = "application/json"
    return sent


def _that_runs(body: Json, make: Maker, chance: random.Random) -> Json:
    """The request for a response without most of what is refused: it comes as far as the model."""
    kept = {name: value for name, value in body.items() if name in RUN_HERE and chance.random() < 0.5}
    search = {"type": "file_search", "vector_store_ids": [make.id("vector_store_id")]}
    tools = [FUNCTION, {**FUNCTION, "name": "g", "strict": False}, search]
    kept |= {"model": "gpt-4o", "tools": chance.sample(tools, chance.randrange(4))}
    if chance.random() < 0.8:
        kept["input"] = chance.choice(["Is it warm?", [{"role": "user", "content": "Is it warm?"}]])
    open_ends = [thing for thing in make.things[-100:] if called(thing)]
    if open_ends and chance.random() < 0.3:
        calls = called(open_ends[-1])
        outputs = [{"type": "function_call_output", "call_id": call["call_id"], "output": "18 °C"} for call in calls]
        kept |= {"previous_response_id": open_ends[-1]["id"], "input": outputs, "conversation": None}
    return kept


def called(thing: Json) -> list[Json]:
    """The calls of functions in a response that is over."""
    items = thing.get("output") if thing.get("status") == "completed" else ()
    return [item for item in items or () if isinstance(item, dict) and item.get("type") == "function_call"]


def _form(fields: Any, chance: random.Random) -> Json:
    form: Json = {name: _unicode(value) for name, value in fields.items()} if isinstance(fields, dict) else {}
    if chance.random() < 0.95:
        name = chance.choice(["a.txt", "b.md", "c.jsonl", "d.png", "", "../e.txt", "é.pdf", "f"])
        form["file"] = (BytesIO(chance.choice([b"", b"Rome is warm.", b'{"prompt": "a"}\n', b"\xff\0" * 100])), name)
    return form


def _unicode(value: Any) -> str:
    return str(value).encode(errors="replace").decode()


def _body(value: Any, spoil: float, chance: random.Random) -> bytes:
    text = json.dumps(value)
    if chance.random() < spoil:
        text = text[: chance.randrange(len(text) + 1)]
    return text.encode()


END = re.compile(
    r"event: (done\ndata: \[DONE\]|response\.(completed|incomplete|failed)\ndata: .*)\n\n\Z|(^|\n)event: error\n"
)


def faults(answer: TestResponse) -> Iterator[str]:
    """What is wrong with an answer, whatever was asked."""
    status, text = answer.status_code, answer.get_data().decode(errors="replace")  # a stream is read to its end
    if status >= 500:
        yield f"{status} {text[:300]}"
    elif answer.mimetype == "text/event-stream":
        if not END.search(text) and (text or "starting_after" not in answer.request.args):
            yield f"a stream ends with {text[-80:]!r}"
    elif status != 200:
        error = answer.json.get("error") if answer.is_json and answer.json else None
        if not isinstance(error, dict) or list(error) != ["message", "type", "param", "code"] or not error["message"]:
            yield f"{status} without the envelope: {text[:200]}"
    elif not answer.is_json and not answer.request.path.endswith("/content"):
        yield f"an answer that is no JSON: {text[:80]!r}"


def ids_in(path: str, sent: str) -> Json:
    """The ids that stand in a path: `{"conversation_id": "conv_…"}`."""
    pairs = zip(path.split("/"), sent.removeprefix("/v1").split("/"), strict=False)
    return {name[1:-1]: id for name, id in pairs if name.startswith("{")}


def things_in(value: Any) -> Iterator[Json]:
    if isinstance(value, dict):
        if isinstance(value.get("id"), str):
            yield value
        for inner in value.values():
            yield from things_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from things_in(inner)


def told_by(stream: str) -> list[Json]:
    """The objects in the events of a stream."""
    lines = [line.removeprefix("data: ") for line in stream.splitlines() if line.startswith("data: {")]
    return [json.loads(line) for line in lines]


def speaker(chance: random.Random) -> Any:
    """A line for `Scripted`: now a text, now tool calls, now an error."""

    def say(prompt: Prompt) -> Iterable[Any]:
        if chance.random() < 0.05:
            raise ModelError("out of coffee")
        names = [tool["function"]["name"] for tool in prompt.tools if tool["type"] == "function"]
        if "file_search" in {tool["type"] for tool in prompt.tools} and chance.random() < 0.3:
            return [ToolCall("file_search", "warm")]
        if names and chance.random() < 0.6:
            return [ToolCall(name, '{"a": 1}') for name in names[:3]]
        return ["It ", "is ", "warm."]

    return say


def seed_objects(client: Client, make: Maker) -> None:
    """Something of everything, so that paths lead somewhere."""
    tool = {"type": "function", "function": {"name": "f"}}
    bodies: list[tuple[str, Json]] = [
        ("assistants", {"model": "gpt-4o", "instructions": "i", "tools": [tool]}),
        ("threads", {"messages": [{"role": "user", "content": "Hello"}]}),
        ("vector_stores", {}),
        ("conversations", {"items": [{"role": "user", "content": "Hello"}]}),
        ("responses", {"model": "gpt-4o", "input": "Hello", "tools": [FUNCTION]}),
    ]
    for path, body in bodies:
        answer = client.post(f"/v1/{path}", json=body, headers={"OpenAI-Beta": "assistants=v2"})
        make.keep(answer.json)


def ask(client: Client, sent: Json) -> TestResponse:
    return client.open(**sent, buffered=True)


def ask_by_the_clock(client: Client, sent: Json) -> TestResponse:
    """The same; it raises when that took too long, and ends the script when it does not end."""
    faulthandler.dump_traceback_later(HANGS_S, exit=True)
    began = time.perf_counter()
    answer = ask(client, sent)
    faulthandler.cancel_dump_traceback_later()
    if (took := time.perf_counter() - began) > TOO_LONG_S:
        raise TimeoutError(f"took {took:.1f} s")
    return answer


def fuzz(
    cases: int, seed: int, description: Json, ask: Callable[[Client, Json], TestResponse] = ask
) -> tuple[Counter[tuple[str, int]], list[str]]:
    """The answers by operation and status, and what is wrong with them."""
    chance, counts, findings = random.Random(seed), Counter[tuple[str, int]](), list[str]()
    possible = operations(description)
    weights = [
        0.2 if method == "DELETE" else 3 if path.endswith(("/runs", "_outputs", "{run_id}", "/responses")) else 1
        for method, path, _ in possible
    ]
    for start in range(0, cases, CASES_PER_ENGINE):
        make = Maker(description, chance)
        app = create_app(model=Scripted(*[speaker(chance)] * 10_000))
        client = Client(app)
        seed_objects(client, make)
        for case in range(start, min(start + CASES_PER_ENGINE, cases)):
            method, path, operation = chance.choices(possible, weights)[0]
            sent = request(method, path, operation, make, chance)
            told = f"case {case}: {method} {sent['path']} {sent['query_string']} {str(sent.get('data', ''))[:400]}"
            try:
                answer = ask(client, sent)
                findings += [f"{told}\n    {fault}" for fault in faults(answer)]
            except Exception as error:  # noqa: BLE001  it came out of the engine
                findings.append(f"{told}\n    raised {error!r}")
                continue
            counts[operation["operationId"], answer.status_code] += 1
            said = answer.json if answer.is_json else told_by(answer.get_data().decode(errors="replace"))
            make.keep(said, ids_in(path, sent["path"]))
        app.close()
    return counts, findings


def described(path: Path) -> Json:
    """A description of an API, compressed or not."""
    data = path.read_bytes()
    found: Json = json.loads(lzma.decompress(data) if path.suffix == ".xz" else data)
    return found


def by_description(path: Path, cases: int, seed: int) -> list[str]:
    """Send what a description inspires, and print what came of it. The findings."""
    began = time.perf_counter()
    counts, findings = fuzz(cases, seed, described(path), ask_by_the_clock)
    for operation in sorted({operation for operation, _ in counts}):
        by_status = {status: counts[operation, status] for name, status in sorted(counts) if name == operation}
        print(f"{operation:36} {by_status}")
    print(*findings, sep="\n")
    print(f"{path.name}: {counts.total()} answers in {time.perf_counter() - began:.0f} s, {len(findings)} findings")
    return findings


def main() -> int:
    parser = argparse.ArgumentParser(description="Requests made from the API's description, against the engine.")
    parser.add_argument("cases", type=int, nargs="?", default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--description", type=Path, nargs="*", default=[WIRE / "openapi-assistants.json", RESPONSES])
    chosen = parser.parse_args()
    findings = [found for path in chosen.description for found in by_description(path, chosen.cases, chosen.seed)]
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
