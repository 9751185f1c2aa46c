"""A draft: what is sent for it, what is wrong with it, what it changes."""

import json
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openai import DefaultHttpxClient, OpenAI

from assistant_nb.as_code import in_curl, in_requests, in_sdk
from assistant_nb.engine.app import create_app
from assistant_nb.engine.model.scripted import Scripted
from assistant_nb.widgets.assistant_form import draft as typed_drafts
from tests.test_as_code import by_curl, by_requests, needs_curl

drafts: Any = typed_drafts  # as drafts here hold what no form does

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
NAME = st.from_regex(r"\A[a-zA-Z0-9_-]{1,20}\Z")
SCHEMA = st.recursive(
    st.sampled_from([{"type": "string"}, {"type": "number", "minimum": 0.5}, {"enum": ["a", None, True]}, {}]),
    lambda inner: st.builds(
        lambda properties, required: {"type": "object", "properties": properties, "required": required},
        st.dictionaries(TEXT, inner, max_size=3),
        st.lists(TEXT, max_size=2, unique=True),
    ),
    max_leaves=4,
)
OBJECT = st.builds(
    lambda properties, more: {"type": "object", "properties": properties, "additionalProperties": more},
    st.dictionaries(TEXT, SCHEMA, max_size=3),
    st.booleans(),
)
NUMBER = st.integers(0, 1) | st.floats(0, 1)
FUNCTION = st.fixed_dictionaries(
    {"name": NAME}, optional={"description": TEXT, "parameters": OBJECT, "strict": st.booleans()}
)
RANKING = st.fixed_dictionaries(
    {"score_threshold": NUMBER}, optional={"ranker": st.sampled_from(["auto", "default_2024_08_21"])}
)
SETTINGS = st.fixed_dictionaries({}, optional={"max_num_results": st.integers(1, 50), "ranking_options": RANKING})
TOOL = (
    st.just({"type": "code_interpreter"})
    | st.builds(lambda function: {"type": "function", "function": function}, FUNCTION)
    | st.builds(lambda settings: {"type": "file_search", "file_search": settings}, SETTINGS)
    | st.just({"type": "file_search"})
)
FORMAT = (
    st.sampled_from(["auto", {"type": "text"}, {"type": "json_object"}])
    | st.builds(
        lambda schema: {"type": "json_schema", "json_schema": schema},
        st.fixed_dictionaries(
            {"name": NAME}, optional={"description": TEXT, "schema": OBJECT, "strict": st.booleans()}
        ),
    )
)  # fmt: skip
PAIRS = st.dictionaries(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20), TEXT, max_size=4)
FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "name": TEXT,
    "description": TEXT,
    "instructions": TEXT | st.lists(TEXT, max_size=5).map("\n".join),
    "tools": st.lists(TOOL, max_size=4),
    "temperature": NUMBER.map(lambda number: 2 * number),
    "top_p": NUMBER,
    "reasoning_effort": st.sampled_from(["none", "minimal", "low", "medium", "high", "xhigh", "max"]),
    "response_format": FORMAT,
    "metadata": PAIRS,
}
ASSISTANT = st.fixed_dictionaries({"model": NAME}, optional=FIELDS)


@pytest.fixture(scope="module")
def in_process() -> Iterator[OpenAI]:
    app = create_app(model=Scripted())
    transport = httpx2.WSGITransport(app)
    yield OpenAI(base_url="http://engine/v1", api_key="any", http_client=DefaultHttpxClient(transport=transport))
    app.close()


def fields(assistant: Any) -> dict[str, Any]:
    """All that was chosen for it, as the server keeps it."""
    kept = assistant if isinstance(assistant, dict) else json.loads(assistant.to_json())
    return {name: value for name, value in kept.items() if name not in ("id", "created_at")}


def draft_of(assistant: Any) -> Any:
    draft = drafts.of(json.loads(assistant.to_json()))
    return dict(json.loads(json.dumps(draft)))  # as it comes back from a page


@given(params=ASSISTANT)
@settings(max_examples=100)
def test_the_sdk_code_makes_an_equal_assistant(params: Any, in_process: OpenAI) -> None:
    made = in_process.beta.assistants.create(**params)
    draft = draft_of(made)
    assert drafts.mistakes(draft) == {}
    names: dict[str, Any] = {"client": in_process}
    exec(in_sdk("assistants.create", drafts.params(draft)), names)
    assert fields(names["assistant"]) == fields(made)


@given(params=ASSISTANT)
@settings(max_examples=100)
def test_the_requests_code_makes_an_equal_assistant(params: Any, served: OpenAI) -> None:
    made = served.beta.assistants.create(**params)
    assert fields(by_requests("assistants.create", drafts.params(draft_of(made)))) == fields(made)


@needs_curl
@given(params=ASSISTANT)
@settings(max_examples=15)
def test_the_curl_code_makes_an_equal_assistant(params: Any, served: OpenAI) -> None:
    made = served.beta.assistants.create(**params)
    assert fields(by_curl("assistants.create", drafts.params(draft_of(made)))) == fields(made)


@given(old=ASSISTANT, new=ASSISTANT)
@settings(max_examples=100)
def test_the_update_code_turns_one_into_the_other(old: Any, new: Any, in_process: OpenAI) -> None:
    create = in_process.beta.assistants.create
    if "reasoning_effort" in old:  # it cannot be taken back
        new = {"reasoning_effort": "low", **new}
    before, wanted = create(**old), create(**new)
    changes = drafts.update(draft_of(before), draft_of(wanted))
    names: dict[str, Any] = {"client": in_process}
    exec(in_sdk("assistants.update", {"assistant_id": before.id, **changes}), names)
    assert texts(fields(names["assistant"])) == texts(fields(wanted))
    assert bool(changes) == bool(drafts.changes(draft_of(before), draft_of(wanted)))


def texts(kept: dict[str, Any]) -> dict[str, Any]:
    """A text that was taken back is empty; files for a tool that is gone are none."""
    empty = {name: kept[name] or None for name in ("name", "description", "instructions")}
    resources = {tool: ids for tool, ids in kept["tool_resources"].items() if any(ids.values())}
    return {**kept, **empty, "tool_resources": resources}


def test_only_what_was_set_is_sent() -> None:
    assert drafts.params({**drafts.new(), "model": "gpt-4o", "temperature": "0.30"}) == {
        "model": "gpt-4o", "temperature": 0.3,
    }  # fmt: skip


def test_an_update_sends_what_has_changed_and_takes_values_back() -> None:
    before = drafts.of({"model": "m", "name": "Ada", "temperature": 0.3, "metadata": {"a": "1"}})
    after = {**before, "name": None, "temperature": "", "metadata": []}
    assert drafts.update(before, after) == {"name": "", "temperature": 1, "metadata": {}}


def test_files_of_one_tool_go_without_the_others() -> None:
    resources = {"code_interpreter": {"file_ids": ["file-1"]}, "file_search": {"vector_store_ids": ["vs_1"]}}
    before = drafts.of({"model": "m", "tool_resources": resources})
    after = {**before, "tool_resources": {"file_ids": [], "vector_store_ids": ["vs_1"]}}
    assert drafts.update(before, after) == {
        "tool_resources": {"code_interpreter": {"file_ids": []}, "file_search": {"vector_store_ids": ["vs_1"]}}
    }


def function(**given: Any) -> dict[str, Any]:
    return {"tools": [{"type": "function", "name": "f", "parameters": "", **given}]}


FORMAT_DRAFT = drafts.new()["response_format"]
SEARCH = {"type": "file_search"}


@pytest.mark.parametrize(
    ("given", "path", "sentence"),
    [
        ({"model": " "}, "model", "An assistant needs a model. Choose one, or type its name."),
        ({"name": "x" * 257}, "name", "257 characters are too many. The API takes 256."),
        ({"description": "x" * 513}, "description", "513 characters are too many. The API takes 512."),
        ({"instructions": "x" * 256_001}, "instructions", "256,001 characters are too many. The API takes 256,000."),
        ({"instructions": "\ud83d"}, "instructions", "Half of a character stands in this text. Delete it."),
        ({"tools": [{"type": "code_interpreter"}] * 129}, "tools", "129 tools are too many. The API takes 128."),
        ({"temperature": "2.1"}, "temperature", "2.1 is outside. The API takes 0 to 2."),
        ({"temperature": "0,3"}, "temperature", '"0,3" is no number. Write one such as 0.5.'),
        ({"temperature": "nan"}, "temperature", '"nan" is no number. Write one such as 0.5.'),
        ({"top_p": -1}, "top_p", "-1 is outside. The API takes 0 to 1."),
        ({"reasoning_effort": "hihg"}, "reasoning_effort", '"hihg" is unknown. Did you mean "high"?'),
        (function(name=""), "tools[0].function.name", "A name is missing: 1 to 64 of the characters a-z, A-Z, 0-9, _ and -."),
        (function(name="a b"), "tools[0].function.name", '"a b" is no name for the API: 1 to 64 of the characters a-z, A-Z, 0-9, _ and -.'),
        (function(parameters='{"type": "object",\n "a" 1}'), "tools[0].function.parameters", "Line 2, column 6: this is no JSON. Expecting ':' delimiter."),
        (function(parameters="[]"), "tools[0].function.parameters", "A JSON schema is an object: { … }."),
        (function(parameters='{"a": NaN}'), "tools[0].function.parameters", "This is no JSON that can be sent: NaN is a word of JavaScript."),
        (function(parameters='{"a": 1e999}'), "tools[0].function.parameters", "This is no JSON that can be sent: 1e999 is too large a number."),
        (function(parameters='{"type": "array"}'), "tools[0].function.parameters", 'type: a function takes an object, so write "object" instead of "array".'),
        (function(parameters='{"properties": {"city": {"type": "strng"}}}'), "tools[0].function.parameters", 'properties.city.type: "strng" is not a JSON type. Did you mean "string"?'),
        (function(parameters='{"description": "\\ud800"}'), "tools[0].function.parameters", "Half of a character stands in this text. Delete it."),
        (function(parameters="[" * 100_000), "tools[0].function.parameters", None),
        ({"tools": [{**SEARCH, "max_num_results": "51"}]}, "tools[0].file_search.max_num_results", "51 is outside. The API takes 1 to 50."),
        ({"tools": [{**SEARCH, "max_num_results": "2.5"}]}, "tools[0].file_search.max_num_results", "2.5 is no whole number."),
        ({"tools": [{**SEARCH, "score_threshold": "2"}]}, "tools[0].file_search.ranking_options.score_threshold", "2 is outside. The API takes 0 to 1."),
        ({"response_format": {**FORMAT_DRAFT, "type": "json_schema"}}, "response_format.json_schema.name", "A name is missing: 1 to 64 of the characters a-z, A-Z, 0-9, _ and -."),
        ({"tool_resources": {"file_ids": ["f"] * 21, "vector_store_ids": []}}, "tool_resources.code_interpreter.file_ids", "21 are too many. The API takes 20."),
        ({"metadata": [[str(n), ""] for n in range(17)]}, "metadata", "17 pairs are too many. The API takes 16."),
        ({"metadata": [["a", "1"], ["a", "2"]]}, "metadata[1].key", 'The key "a" is there twice.'),
        ({"metadata": [["a" * 65, "1"]]}, "metadata[0].key", "65 characters are too many. The API takes 64."),
        ({"metadata": [["a", "1" * 513]]}, "metadata[0].value", "513 characters are too many. The API takes 512."),
    ],
)  # fmt: skip
def test_a_mistake_is_told_at_its_field(given: dict[str, Any], path: str, sentence: str | None) -> None:
    found = drafts.mistakes({**drafts.new(), "model": "m", **given})
    assert list(found) == [path]
    assert sentence in (None, found[path])


def test_an_effort_cannot_be_taken_back() -> None:
    before = drafts.of({"model": "m", "reasoning_effort": "low"})
    assert list(drafts.mistakes({**before, "reasoning_effort": None}, before)) == ["reasoning_effort"]


@given(text=st.text() | st.text('{}[]":,0123 \\ue-', max_size=40))
def test_no_schema_is_too_strange(text: str) -> None:
    draft = {**drafts.new(), "model": "m", **function(parameters=text)}
    drafts.mistakes(draft)
    for write in (in_sdk, in_requests, in_curl):
        assert write("assistants.create", drafts.params(draft))


def test_changes_are_told_place_by_place() -> None:
    tool = {"type": "function", "name": "f", "parameters": '{"type": "object", "x": 1}'}
    before = {**drafts.new(), "model": "m", "name": "Ada", "instructions": "a\nb\nc", "tools": [tool]}
    changed = {**tool, "parameters": '{"type": "object", "x": 2}'}
    after = {**before, "name": None, "instructions": "a\nB\nc", "tools": [changed], "temperature": "0"}
    assert [tuple(change) for change in drafts.changes(before, after)] == [
        ("name", '"Ada"', None),
        ("instructions", "b", "B"),
        ("tools[0].function.parameters.x", "1", "2"),
        ("temperature", None, "0"),
    ]


def test_a_tool_that_goes_leaves_the_others_as_they_were() -> None:
    tool = {"type": "function", "name": "f", "parameters": ""}
    before = {**drafts.new(), "model": "m", "tools": [{"type": "code_interpreter"}, tool]}
    (change,) = drafts.changes(before, {**before, "tools": [tool]})
    assert change == ("tools[0]", '{"type": "code_interpreter"}', None)


@pytest.mark.parametrize("long", ["word " * 1000, "word\n" * 3000, "word\n" + "word " * 1000])
def test_of_a_long_text_the_place_that_changes_is_shown(long: str) -> None:
    before = {**drafts.new(), "model": "m", "instructions": f"{long}Old.{long}"}
    (change,) = drafts.changes(before, {**before, "instructions": f"{long}New.{long}"})
    assert "Old." in str(change.before) and "New." in str(change.after)
    assert len(str(change.before)) < 1100
