"""A call as code: the code, executed, makes the same call."""

import inspect
import json
import os
import shutil
import subprocess
from collections.abc import Callable
from contextlib import closing
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai import OpenAI

from assistant_nb.as_code import DIALECTS, OPERATIONS, in_curl, in_http, in_requests, in_sdk, literal
from tests.conftest import Connect
from tests.until import PATIENCE_S

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(JSON)
def test_a_literal_is_the_value(value: Any) -> None:
    assert eval(literal(value)) == value


@given(st.text(alphabet="ab '\"\\\n\t\u00e9", max_size=400))
def test_a_long_text_is_cut_at_its_lines_and_stays_the_same(text: str) -> None:
    written = literal({"instructions": text})
    assert eval(written) == {"instructions": text}
    if " " not in text:
        return
    assert max(map(len, written.splitlines())) <= 2 * 80  # a quote may double what stands in it


def test_short_calls_are_one_line() -> None:
    assert (
        in_sdk("assistants.create", {"model": "gpt-4o"}) == 'assistant = client.beta.assistants.create(model="gpt-4o")'
    )


def test_long_calls_are_laid_out_and_lines_of_a_text_stay_lines() -> None:
    tools = [{"type": "code_interpreter"}, {"type": "file_search", "file_search": {"max_num_results": 5}}]
    given = {"model": "gpt-4o", "instructions": 'Say "hi".\nDon\'t shout.', "tools": tools, "temperature": 0.3}
    assert in_sdk("assistants.create", given) == (
        "assistant = client.beta.assistants.create(\n"
        '    model="gpt-4o",\n'
        "    instructions=(\n"
        "        'Say \"hi\".\\n'\n"
        '        "Don\'t shout."\n'
        "    ),\n"
        "    tools=[\n"
        '        {"type": "code_interpreter"},\n'
        '        {"type": "file_search", "file_search": {"max_num_results": 5}},\n'
        "    ],\n"
        "    temperature=0.3,\n"
        ")"
    )


def test_words_of_json_are_python_in_python_and_json_in_a_command() -> None:
    strict = {"type": "function", "function": {"name": "f", "strict": True, "description": None}}
    given = {"model": "m", "tools": [strict]}
    assert '"strict": True, "description": None' in in_sdk("assistants.create", given)
    assert '"strict": true,\n        "description": null' in in_curl("assistants.create", given)


def test_the_last_id_of_a_path_stands_first() -> None:
    ids = {"thread_id": "thread_1", "run_id": "run_1"}
    assert in_sdk("runs.cancel", ids) == 'run = client.beta.threads.runs.cancel("run_1", thread_id="thread_1")'
    assert "/threads/thread_1/runs/run_1/cancel" in in_requests("runs.cancel", ids)


def test_requests_asks_the_environment_for_address_and_key() -> None:
    assert in_requests("assistants.list", {"limit": 3, "include": ["a"]}) == (
        "import os\n\nimport requests\n\n"
        "response = requests.get(\n"
        "    f\"{os.environ['OPENAI_BASE_URL']}/assistants\",\n"
        "    headers={\n"
        '        "Authorization": f"Bearer {os.environ[\'OPENAI_API_KEY\']}",\n'
        '        "OpenAI-Beta": "assistants=v2",\n'
        "    },\n"
        '    params={"limit": 3, "include[]": ["a"]},\n'
        ")\n"
        "response.raise_for_status()\n"
        "assistants = response.json()"
    )


@pytest.mark.parametrize("id", ["$(touch x)", "`id`", '"; id; "', "a/../b", "{os}", "\ud800", "a\nb"])
def test_an_id_means_nothing_in_a_command_or_an_address(id: str) -> None:
    for write in (in_curl, in_requests, in_http):
        code = write("assistants.retrieve", {"assistant_id": id})
        address = code.partition("/assistants/")[2].split('"')[0].split(" ")[0]
        assert set(address) <= set("abcdefghijklmnopqrstuvwxyzABCDEF0123456789%.-_")


def test_the_end_of_a_here_document_cannot_be_forged() -> None:
    code = in_curl("messages.create", {"thread_id": "t", "role": "user", "content": "\nJSON\ntouch x\n' \ud800"})
    assert code.splitlines().count("JSON") == 1
    code.encode()


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_every_operation_is_one_of_the_sdk(name: str, connect: Connect) -> None:
    """The SDK has it, takes the ids so, and sends it to this path by this method."""
    client, made = connect(), OPERATIONS[name]
    function: Any = client
    for part in made.sdk.split("."):
        function = getattr(function, part)
    ids = [part.strip("{}") for part in made.path.split("/") if part.startswith("{")]
    kinds = {id: parameter.kind for id, parameter in inspect.signature(function).parameters.items()}
    assert all(kinds.get(id) == inspect.Parameter.KEYWORD_ONLY for id in ids[:-1])
    source = inspect.getsource(function)
    assert f'"{made.path}"' in source
    method = made.method.lower()
    assert any(word in source for word in (f"self._{method}(", f"self._{method}_api_list(", f'method="{method}"'))


def by_sdk(operation: str, params: dict[str, Any]) -> Any:
    names: dict[str, Any] = {"client": OpenAI(max_retries=0)}
    exec(in_sdk(operation, params), names)
    return json.loads(names[OPERATIONS[operation].result].to_json())


def by_requests(operation: str, params: dict[str, Any]) -> Any:
    names: dict[str, Any] = {}
    exec(in_requests(operation, params), names)
    return names[OPERATIONS[operation].result]


def by_curl(operation: str, params: dict[str, Any]) -> Any:
    ran = subprocess.run(["bash", "-c", in_curl(operation, params)], capture_output=True, text=True, timeout=PATIENCE_S)
    return json.loads(ran.stdout)


def by_http(operation: str, params: dict[str, Any]) -> Any:
    head, _, body = in_http(operation, params).partition("\n\n")
    (request, *lines), base = head.splitlines(), urlsplit(os.environ["OPENAI_BASE_URL"])
    method, path, _ = request.split()
    headers = dict(line.split(": ", 1) for line in lines)
    headers["Authorization"] = headers["Authorization"].replace("$OPENAI_API_KEY", os.environ["OPENAI_API_KEY"])
    with closing(HTTPConnection(base.netloc, timeout=PATIENCE_S)) as connection:
        connection.request(method, path, body.encode(), headers)
        return json.loads(connection.getresponse().read())


needs_curl = pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")


@pytest.mark.parametrize("make", [by_sdk, by_requests, by_http, pytest.param(by_curl, marks=needs_curl)])
def test_a_thread_lives_and_dies_in_each_dialect(make: Callable[..., Any], served: OpenAI) -> None:
    assistant = make("assistants.create", {"model": "gpt-4o", "name": 'Ada\'s "tutor"\n'})
    assert served.beta.assistants.retrieve(assistant["id"]).name == 'Ada\'s "tutor"\n'
    at = {"thread_id": make("threads.create", {})["id"]}
    asked = [make("messages.create", {**at, "role": "user", "content": text}) for text in ("1?", "2?")]
    assert make("messages.list", {**at, "order": "asc", "limit": 1})["data"] == asked[:1]
    assert make("threads.update", {**at, "metadata": {"a": "1"}})["metadata"] == {"a": "1"}
    run = make("runs.create", {**at, "assistant_id": assistant["id"]})
    assert make("runs.retrieve", {**at, "run_id": run["id"]})["id"] == run["id"]
    assert make("threads.delete", at)["deleted"] is True


def test_no_dialect_writes_a_key(served: OpenAI) -> None:
    assert all(
        served.api_key not in write("assistants.create", {"model": "m"}) for write in [*DIALECTS.values(), in_http]
    )
