"""A call of the API as code: with the SDK, `requests` or `curl`, or as the HTTP request. Pure.

    in_sdk("runs.cancel", {"thread_id": "thread_1", "run_id": "run_1"})
    'run = client.beta.threads.runs.cancel("run_1", thread_id="thread_1")'

Address and key come from `OPENAI_BASE_URL` and `OPENAI_API_KEY`. The code never holds them.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple
from urllib.parse import quote, urlencode

Params = Mapping[str, Any]


class Code(str):
    """An expression, such as `thread.id`, where else a value stands. It is written as it is."""

    __slots__ = ()


WIDTH: Final = 80
"""The most characters in a line, where a value can be broken."""
_STEP: Final = "    "


class Operation(NamedTuple):
    """How one call is made. Parameters that `path` names go there, all others into the body or the query."""

    method: str
    path: str
    sdk: str
    result: str
    """A name for the result."""
    beta: bool = True


def _resource(name: str, path: str, sdk: str, one: str, *verbs: str, beta: bool = True) -> dict[str, Operation]:
    """Return the usual operations of a resource whose list is at `path`."""
    id = f"{path}/{{{one}_id}}"
    usual = {
        "create": ("POST", path, one),
        "list": ("GET", path, f"{one}s"),
        "retrieve": ("GET", id, one),
        "update": ("POST", id, one),
        "delete": ("DELETE", id, "deleted"),
        "cancel": ("POST", f"{id}/cancel", one),
    }
    return {
        f"{name}.{verb}": Operation(method, at, f"{sdk}.{verb}", result, beta)
        for verb, (method, at, result) in usual.items()
        if verb in verbs
    }


_CRUD: Final = ("create", "list", "retrieve", "update", "delete")
_THREAD: Final = "/threads/{thread_id}"
_RUN: Final = _THREAD + "/runs/{run_id}"
_STORE: Final = "/vector_stores/{vector_store_id}"

OPERATIONS: Final[Mapping[str, Operation]] = {
    **_resource("assistants", "/assistants", "beta.assistants", "assistant", *_CRUD),
    **_resource("threads", "/threads", "beta.threads", "thread", "create", "retrieve", "update", "delete"),
    "threads.create_and_run": Operation("POST", "/threads/runs", "beta.threads.create_and_run", "run"),
    **_resource("messages", f"{_THREAD}/messages", "beta.threads.messages", "message", *_CRUD),
    **_resource("runs", f"{_THREAD}/runs", "beta.threads.runs", "run", *_CRUD[:4], "cancel"),
    "runs.submit_tool_outputs": Operation(
        "POST", f"{_RUN}/submit_tool_outputs", "beta.threads.runs.submit_tool_outputs", "run"
    ),
    **_resource("steps", f"{_RUN}/steps", "beta.threads.runs.steps", "step", "list", "retrieve"),
    **_resource("vector_stores", "/vector_stores", "vector_stores", "vector_store", *_CRUD),
    "vector_stores.search": Operation("POST", f"{_STORE}/search", "vector_stores.search", "results"),
    **_resource("vector_stores.files", f"{_STORE}/files", "vector_stores.files", "file", *_CRUD),
    **_resource("files", "/files", "files", "file", "list", "retrieve", "delete", beta=False),
    **_resource("responses", "/responses", "responses", "response", *_CRUD[:1], *_CRUD[2:3], "cancel", beta=False),
    "models.list": Operation("GET", "/models", "models.list", "models", beta=False),
    "responses.create": Operation("POST", "/responses", "responses.create", "response", beta=False),
}
"""The operations by name. In the SDK the last id of a path comes first."""


USUAL: Final[Params] = {
    "temperature": 1.0,
    "top_p": 1.0,
    "response_format": "auto",
    "tool_choice": "auto",
    "parallel_tool_calls": True,
    "truncation_strategy": {"type": "auto", "last_messages": None},
}
"""What a server takes for a setting of a run when nothing is said."""


def unusual(settings: Params, names: Iterable[str]) -> dict[str, Any]:
    """Return the settings with these names that are not as usual."""
    return {name: value for name in names if (value := settings.get(name)) not in (None, USUAL.get(name))}


def in_sdk(operation: str, params: Params) -> str:
    """Return Python for the official SDK. It uses a variable `client`."""
    made, ids, rest = _parted(operation, params)
    first = [literal(ids.popitem()[1])] if ids else []
    given = [f"{name}={literal(value, 1, len(name) + 2)}" for name, value in {**ids, **rest}.items()]
    return _call(f"{made.result} = client.{made.sdk}", [*first, *given])


def in_requests(operation: str, params: Params) -> str:
    """Return Python for `requests`."""
    made, ids, rest = _parted(operation, params)
    headers = [
        """\"Authorization": f"Bearer {os.environ['OPENAI_API_KEY']}\"""",
        *['"OpenAI-Beta": "assistants=v2"'] * made.beta,
    ]
    given = [
        f"""f"{{os.environ['OPENAI_BASE_URL']}}{_path(made, ids)}\"""",
        _block("headers={", headers, "}", 1),
    ]
    if made.method == "POST" and rest:
        given.append(f"json={literal(rest, 1, 6)}")
    elif rest:
        given.append(f"params={literal(_query(rest), 1, 8)}")
    call = _call(f"response = requests.{made.method.lower()}", given)
    return f"import os\n\nimport requests\n\n{call}\nresponse.raise_for_status()\n{made.result} = response.json()"


def in_curl(operation: str, params: Params) -> str:
    """Return a command for a shell. The body is a quoted here-document, in which no character is special."""
    made, ids, rest = _parted(operation, params)
    method = f"-X {made.method} " if made.method == "DELETE" else ""
    lines = [
        f'curl {method}"$OPENAI_BASE_URL{_address(made, ids, rest)}"',
        '-H "Authorization: Bearer $OPENAI_API_KEY"',
    ]
    if made.beta:
        lines.append('-H "OpenAI-Beta: assistants=v2"')
    if made.method != "POST":
        return " \\\n  ".join(lines)
    lines += ['-H "Content-Type: application/json"', "-d @- <<'JSON'"]
    return " \\\n  ".join(lines) + f"\n{_body(rest)}\nJSON"


def in_http(operation: str, params: Params) -> str:
    """Return the HTTP request, with the name of the key's variable instead of the key."""
    made, ids, rest = _parted(operation, params)
    lines = [f"{made.method} /v1{_address(made, ids, rest)} HTTP/1.1", "Authorization: Bearer $OPENAI_API_KEY"]
    if made.beta:
        lines.append("OpenAI-Beta: assistants=v2")
    if made.method == "POST":
        lines += ["Content-Type: application/json", "", _body(rest)]
    return "\n".join(lines)


DIALECTS: Final[Mapping[str, Callable[[str, Params], str]]] = {
    "SDK": in_sdk,
    "requests": in_requests,
    "curl": in_curl,
}


def literal(value: Any, depth: int = 0, taken: int = 0) -> str:
    """Return JSON as a Python literal in black's layout: on one line if it fits, else an item a line.

    It is indented `depth` times, and other text takes `taken` more characters of its first line.
    """
    line = _in_line(value)
    if len(line) + depth * len(_STEP) + taken <= WIDTH and "\\n" not in line:
        return line
    match value:
        case dict() if value:
            items = [
                f"{(key := _quoted(name))}: {literal(item, depth + 1, len(key) + 3)}" for name, item in value.items()
            ]
            return _block("{", items, "}", depth)
        case list() if value:
            return _block("[", [literal(item, depth + 1, 1) for item in value], "]", depth)
        case str() if len(pieces := list(_pieces(value, WIDTH - 10 - (depth + 1) * len(_STEP)))) > 1:
            inner = "\n".join(_STEP * (depth + 1) + _quoted(piece) for piece in pieces)
            return f"(\n{inner}\n{_STEP * depth})"
        case _:
            return line


_HALVES: Final = re.compile("[\ud800-\udfff]")


def _escaped(half: re.Match[str]) -> str:
    return f"\\u{ord(half[0]):04x}"


def _parted(name: str, params: Params) -> tuple[Operation, dict[str, str], dict[str, Any]]:
    """Return the operation, the ids in its path, and the other parameters. Raises KeyError for a missing id."""
    made = OPERATIONS[name]
    ids = {id: params[id] for id in re.findall(r"\{(\w+)\}", made.path)}
    return made, ids, {key: value for key, value in params.items() if key not in ids}


def _path(made: Operation, ids: Mapping[str, str]) -> str:
    return made.path.format_map({name: quote(id, safe="", errors="replace") for name, id in ids.items()})


def _address(made: Operation, ids: Mapping[str, str], rest: Params) -> str:
    """Return the path. Without a body, the parameters follow as a query."""
    return _path(made, ids) + (f"?{urlencode(_query(rest), doseq=True)}" if rest and made.method == "GET" else "")


def _body(rest: Params) -> str:
    return _HALVES.sub(_escaped, json.dumps(rest, ensure_ascii=False, indent=2))


def _query(rest: Params) -> dict[str, Any]:
    """Return parameters as a URL has them: the name of a list ends in []."""
    return {f"{name}[]" if isinstance(value, list) else name: value for name, value in rest.items()}


def _call(function: str, arguments: list[str]) -> str:
    line = f"{function}({', '.join(arguments)})"
    if len(line) <= WIDTH and "\n" not in line:
        return line
    return _block(f"{function}(", arguments, ")", 0)


def _block(opening: str, items: list[str], closing: str, depth: int) -> str:
    lines = "".join(f"{_STEP * (depth + 1)}{item},\n" for item in items)
    return f"{opening}\n{lines}{_STEP * depth}{closing}"


def _in_line(value: Any) -> str:
    match value:
        case Code():
            return str(value)
        case str():
            return _quoted(value)
        case dict():
            return "{" + ", ".join(f"{_quoted(key)}: {_in_line(item)}" for key, item in value.items()) + "}"
        case list():
            return "[" + ", ".join(map(_in_line, value)) + "]"
        case _:
            return repr(value)


def _quoted(text: str) -> str:
    """Return a text as Python writes it, in double quotes unless they need more backslashes."""
    plain = repr(text)
    if plain[0] == '"' or ('"' in text and "\\'" not in plain):
        return plain
    return '"' + plain[1:-1].replace("\\'", "'").replace('"', '\\"') + '"'


def _pieces(text: str, width: int) -> Iterator[str]:
    """Cut a long text behind its line ends, and a long line behind blanks."""
    for line in re.findall(r"[^\n]*\n|[^\n]+", text):
        yield from re.findall(rf".{{1,{max(width, 20)}}}(?:\s+|\Z)|\S{{1,{max(width, 20)}}}", line, re.DOTALL)
