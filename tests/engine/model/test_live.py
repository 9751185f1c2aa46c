"""A live model against a small endpoint on a real socket."""

import logging
import re
from typing import Any

import pytest

from assistant_nb.engine.errors import ModelError
from assistant_nb.engine.model.base import Delta, Finish, Prompt, TextDelta, ToolCallDelta, Turn
from assistant_nb.engine.model.budget import Budget, Ledger
from assistant_nb.engine.model.live import Live
from tests.engine.model.endpoint import (
    Reply,
    called,
    chunk,
    chunks,
    endless,
    page,
    pinging,
    refuses_fields,
    said,
    serving,
    silent,
    status,
)  # fmt: skip
from tests.until import PATIENCE_S

KEY = "sk-very-secret-0123456789"
ADD = {"type": "function", "function": {"name": "add", "parameters": {"type": "object", "properties": {}}}}


def prompt(**choices: Any) -> Prompt:
    return Prompt(**{"model": "gpt-4o", "instructions": None, "messages": [Turn("user", "2 + 2?")], **choices})


def ask(reply: Reply, asked: Prompt | None = None, **choices: Any) -> list[Delta]:
    with serving(reply) as endpoint:
        return list(Live(endpoint.url, "m", **{"retries": 0, **choices}).ask(asked or prompt()))


def failure(*replies: Reply, asked: Prompt | None = None, **choices: Any) -> ModelError:
    with serving(*replies) as endpoint, pytest.raises(ModelError) as failed:
        list(Live(endpoint.url, "m", KEY, **{"retries": 0, **choices}).ask(asked or prompt()))
    return failed.value


FORCED = {"type": "function", "function": {"name": "add"}}
CALL = '{"name": "add", "arguments": {"a": 1}}'


def forced(*replies: Reply, **choices: Any) -> tuple[list[Delta], list[Any]]:
    asked = prompt(**{"tools": [ADD, {"type": "file_search"}], "tool_choice": FORCED, **choices})
    with serving(*replies) as endpoint:
        return list(Live(endpoint.url, "m", retries=0).ask(asked)), endpoint.requests


def test_a_tool_that_is_named_goes_alone_and_as_required() -> None:
    parts, (request,) = forced(called(("add", "{}"), text=["So:"]))
    assert (request["tools"], request["tool_choice"]) == ([ADD], "required")
    assert parts[:3] == [TextDelta("So:"), ToolCallDelta(0, name="add"), ToolCallDelta(0, "{")]


@pytest.mark.parametrize("first", [said("It is 4."), status(400, "tool_choice 'required' is unknown")])
def test_a_call_that_does_not_come_is_asked_for_by_schema(first: Reply) -> None:
    parts, (_, again) = forced(first, said(CALL[:9], CALL[9:]))
    assert "tools" not in again
    assert "tool_choice" not in again
    assert again["response_format"]["json_schema"]["schema"]["properties"]["name"] == {"enum": ["add"]}
    calls = [part for part in parts if isinstance(part, ToolCallDelta)]
    assert (calls[0].name, "".join(call.arguments for call in calls)) == ("add", '{"a": 1}')
    assert not any(isinstance(part, TextDelta) for part in parts)
    assert isinstance(parts[-1], Finish)
    assert parts[-1].provenance["called_by"] == "json_schema"


def test_a_built_in_tool_asked_for_by_schema_gets_its_plain_text() -> None:
    search = '{"name": "file_search", "arguments": {"query": "boats"}}'
    parts, _ = forced(said("No."), said(search), tool_choice={"type": "file_search"})
    assert parts[:2] == [ToolCallDelta(0, name="file_search"), ToolCallDelta(0, "boats")]


def test_of_several_tools_the_schema_offers_each() -> None:
    parts, (_, again) = forced(said("No."), said(CALL), tool_choice="required")
    assert len(again["response_format"]["json_schema"]["schema"]["anyOf"]) == 2
    assert parts[0] == ToolCallDelta(0, name="add")


@pytest.mark.parametrize(
    "second", [said("It is 4."), said('{"name": "sub", "arguments": {}}'), status(400, "no schema")]
)
def test_a_forced_call_that_never_comes_fails(second: Reply) -> None:
    with pytest.raises(ModelError, match=r"127.0.0.1 did not call the tool 'add', which tool_choice demands"):
        forced(said("It is 4."), second)


def test_without_a_forced_choice_nothing_is_asked_again() -> None:
    assert len(forced(said("It is 4."), tool_choice="auto")[1]) == 1


def test_a_forced_call_fails_for_its_own_reason_when_the_endpoint_does() -> None:
    with pytest.raises(ModelError, match="does not take the key"):
        forced(status(401))


def test_a_limit_of_the_endpoint_is_none_of_the_run() -> None:
    *_, finish = ask(said("It is", finish="length"))
    assert isinstance(finish, Finish)
    assert (finish.reason, finish.provenance["cut_by"]) == ("stop", "a limit of the endpoint")
    with pytest.raises(ModelError, match="no JSON object"):
        ask(called(("add", '{"a": 1'), finish="length"))


def test_a_text_comes_in_the_endpoints_pieces_with_its_usage() -> None:
    assert ask(said("It is", " four.", tokens=(12, 3))) == [
        TextDelta("It is"),
        TextDelta(" four."),
        Finish({"answer": "live", "endpoint": "127.0.0.1", "model": "m", "asked_for": "gpt-4o"}, 12, 3),
    ]


def test_without_a_model_of_its_own_it_asks_for_the_runs() -> None:
    with serving(said("Four.")) as endpoint:
        live = Live(endpoint.url)
        *_, finish = live.ask(prompt())
        assert endpoint.requests[0]["model"] == "gpt-4o"
    assert finish == Finish({"answer": "live", "endpoint": "127.0.0.1", "model": "gpt-4o"})
    assert (live.models, Live("http://h/v1", "m").models) == ([], ["m"])


def test_the_banner_says_which_model_answers_for_all_and_what_it_may_take() -> None:
    assert Live("https://me:pw@h.example:8/v1", "m").provenance() == "m, whatever model is asked for, at h.example"
    budget = Budget(20_000)
    assert Live("http://h/v1", budget=budget).provenance() == "the model asked for at h, at most 20,000 tokens"


def test_calls_come_in_pieces() -> None:
    parts = ask(called(("add", '{"a": 1}'), ("add", '{"a": 2}'), text=["So:"]), prompt(tools=[ADD]))
    assert parts[:-1] == [
        TextDelta("So:"),
        ToolCallDelta(0, name="add"),
        ToolCallDelta(0, '{"a"'),
        ToolCallDelta(0, ": 1}"),
        ToolCallDelta(1, name="add"),
        ToolCallDelta(1, '{"a"'),
        ToolCallDelta(1, ": 2}"),
    ]


def test_calls_that_are_all_numbered_0_are_told_apart_by_their_ids() -> None:
    pieces = [
        chunk({"tool_calls": [{"index": 0, "id": id, "function": {"name": "add", "arguments": "{}"}}]})
        for id in ("one", "two")
    ]
    again = chunk({"tool_calls": [{"index": 0, "id": "two", "function": {"name": "add", "arguments": " "}}]})
    parts = ask(chunks(*pieces, again, chunk({}, "tool_calls")), prompt(tools=[ADD]))
    assert [part.index for part in parts if isinstance(part, ToolCallDelta) and part.name] == [0, 1]
    assert parts[-2] == ToolCallDelta(1, " ")


def test_a_function_without_arguments_gets_none() -> None:
    assert ask(called(("add", "")), prompt(tools=[ADD]))[:-1] == [ToolCallDelta(0, name="add"), ToolCallDelta(0, "{}")]


@pytest.mark.parametrize(
    ("tool", "arguments", "plain"),
    [
        ("code_interpreter", '{"code": "print(1 + 1)"}', "print(1 + 1)"),
        ("file_search", '{"query": "old boats"}', "old boats"),
    ],
)
def test_a_built_in_tool_gets_plain_code_and_a_plain_query(tool: str, arguments: str, plain: str) -> None:
    name, *pieces, _ = ask(called((tool, arguments)), prompt(tools=[{"type": tool}]))
    assert name == ToolCallDelta(0, name=tool)
    assert "".join(piece.arguments for piece in pieces if isinstance(piece, ToolCallDelta)) == plain


def test_text_after_a_call_is_left_out_and_said_so() -> None:
    call = chunk({"tool_calls": [{"index": 0, "id": "i", "function": {"name": "add", "arguments": "{}"}}]})
    *parts, finish = ask(chunks(call, chunk({"content": "Done."}), chunk({}, "tool_calls")), prompt(tools=[ADD]))
    assert isinstance(finish, Finish)
    assert finish.provenance["left_out"] == "Done."
    assert not any(isinstance(part, TextDelta) for part in parts)


def test_half_a_surrogate_pair_is_replaced() -> None:
    assert ask(chunks('data: {"choices": [{"delta": {"content": "\\ud83d"}, "finish_reason": "stop"}]}\n\n'))[0] == (
        TextDelta("?")
    )


def test_an_answer_that_reached_its_limit_says_so() -> None:
    finish = ask(said("One two", finish="length"), prompt(max_completion_tokens=2))[-1]
    assert isinstance(finish, Finish)
    assert finish.reason == "length"


def test_an_endpoint_that_knows_no_stream_options_or_calls_the_limit_otherwise_works() -> None:
    hint = " Use 'max_completion_tokens' instead."
    with serving(refuses_fields(said("Four."), "stream_options", "max_tokens", hint=hint)) as endpoint:
        live = Live(endpoint.url, "m", retries=0)
        for _ in range(2):
            assert next(live.ask(prompt(max_completion_tokens=9))) == TextDelta("Four.")
        assert len(endpoint.requests) == 4, "it asks in the known words at once the second time"
        assert endpoint.requests[-1]["max_completion_tokens"] == 9


@pytest.mark.parametrize(
    ("reply", "code", "words"),
    [
        (status(401, f"Incorrect key {KEY}"), "server_error", "does not take the key. Give a valid one with api_key="),
        (status(403, f"No {KEY} here"), "server_error", "forbids this with this key (“No … here”)"),
        (status(429, "Slow down", Retry_After="7"), "rate_limit_exceeded", "fewer requests, to wait 7 s (“Slow down”)"),
        (status(429, "You exceeded your quota", "insufficient_quota"), "rate_limit_exceeded", "The quota at 127.0.0.1 is"),
        (status(404, "The model `m` does not exist", "model_not_found"), "invalid_prompt", "knows no model 'm'"),
        (status(400, "Invalid model name passed in model=m"), "invalid_prompt", "knows no model 'm'"),
        (status(400, "This model's maximum context length is 9"), "invalid_prompt", "too long for 'm'"),
        (status(400, "m does not support tools"), "invalid_prompt", "cannot call tools"),
        (status(400, "Invalid content type. image_url is only supported by certain models."), "invalid_prompt", "'m' at 127.0.0.1 reads no pictures"),
        (status(500, "image input is not supported - hint: you may need to provide the mmproj"), "invalid_prompt", "reads no pictures"),
        (status(422, "temperature is odd"), "invalid_prompt", "refused the prompt with status 422 (“temperature is odd”)"),
        (page("Not Found", "text/plain", 404), "invalid_prompt", "no chat completions at this base_url"),
        (status(500, "boom"), "server_error", "failed with status 500 (“boom”)"),
        (page("<html>Bad gateway", code=502), "server_error", "failed with status 502. Try again"),
        (page("<html>Hello</html>"), "server_error", "answered with 'text/html', not with a stream"),
        (page('{"choices": []}', "application/json"), "server_error", "answered with 'application/json', not with"),
        (chunks("data: {oops\n\n"), "server_error", "no chunk of a chat completion"),
        (chunks('data: {"choices": 5}\n\n'), "server_error", "no chunk of a chat completion"),
        (chunks(chunk({"content": "I"}), end=False), "server_error", "broke off before its end"),
        (chunks(chunk({"content": "I"})), "server_error", "broke off before its end"),
        (chunks({"error": {"message": f"out of {KEY}", "code": 503}}), "server_error", "status 503 (“out of …”)"),
        (said("I", finish="content_filter"), "invalid_prompt", "The content filter of 127.0.0.1 stopped the answer"),
        (called(("add", "{oops")), "server_error", "called 'add' with arguments that are no JSON object: '{oops'"),
        (called(("file_search", '{"q": 1}')), "server_error", "called 'file_search' without the text 'query'"),
    ],
)  # fmt: skip
def test_what_goes_wrong_at_the_endpoint_is_told(reply: Reply, code: str, words: str) -> None:
    error = failure(reply, asked=prompt(tools=[ADD, {"type": "file_search"}]))
    assert words in str(error)
    assert error.code == code
    assert KEY not in str(error)


def test_a_rate_limit_is_waited_for_and_asked_again() -> None:
    with serving(status(429, "wait", Retry_After="0.01"), status(500), said("Four.")) as endpoint:
        assert next(Live(endpoint.url, "m").ask(prompt())) == TextDelta("Four.")
        assert len(endpoint.requests) == 3


def test_a_wait_that_is_too_long_is_told_at_once() -> None:
    assert "to wait 3600 s" in str(failure(status(429, "wait", Retry_After="3600"), retries=2))


def test_silence_has_a_limit_and_costs_one_request() -> None:
    with serving(silent) as endpoint, pytest.raises(ModelError, match="has been silent for 0.05 s"):
        list(Live(endpoint.url, "m", stall_s=0.05, retries=2).ask(prompt()))
    assert len(endpoint.requests) == 1


def test_reaching_out_to_a_silent_endpoint_is_told_too() -> None:
    with serving(said("")) as endpoint, pytest.raises(ModelError, match="has been silent for 0.05 s"):
        endpoint.lists = silent
        Live(endpoint.url, "m", stall_s=0.05).reach()


def test_comments_that_keep_a_connection_open_are_no_answer() -> None:
    assert "has been silent for 0.05 s" in str(failure(pinging, stall_s=0.05))


def test_a_stream_that_falls_silent_is_told() -> None:
    def stalls(exchange: Any) -> None:
        exchange.begin_stream()
        exchange.send(": hello\n\n")
        exchange.sleep(30)

    assert "has been silent for 0.05 s" in str(failure(stalls, stall_s=0.05))


def test_nobody_there_is_told() -> None:
    with serving(said("")) as endpoint:
        url = endpoint.url
    with pytest.raises(ModelError, match=r"127\.0\.0\.1 cannot be reached \(.*refused\)\. Is it running"):
        list(Live(url, "m", retries=0).ask(prompt()))


def test_a_connection_that_is_not_safe_is_told() -> None:
    with serving(said("")) as endpoint, pytest.raises(ModelError, match="The connection to 127.0.0.1 is not safe"):
        list(Live(endpoint.url.replace("http:", "https:"), "m", retries=0).ask(prompt()))


def test_a_proxy_of_the_environment_is_used_and_its_refusal_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(said("")) as endpoint:
        monkeypatch.setenv("HTTPS_PROXY", f"http://me:{KEY}@127.0.0.1:{endpoint.port}")
        with pytest.raises(ModelError, match="proxy of this environment does not let through to h.example") as failed:
            list(Live("https://h.example/v1", "m", retries=0).ask(prompt()))
    assert KEY not in str(failed.value)


PROXIES = ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")


@pytest.fixture
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*PROXIES, "NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.usefixtures("no_proxy")
@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"])
@pytest.mark.parametrize("scheme", ["http://", ""])
def test_the_environments_proxy_carries_what_is_asked(name: str, scheme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(said("Four.")) as proxy:
        monkeypatch.setenv(name, f"{scheme}127.0.0.1:{proxy.port}")
        assert next(Live("http://h.example/v1", "m", retries=0).ask(prompt())) == TextDelta("Four.")
        assert proxy.paths == ["http://h.example/v1/chat/completions"]


@pytest.mark.usefixtures("no_proxy")
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.1"])
def test_this_machine_is_reached_without_a_proxy(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(said("Four.")) as endpoint, serving(said("From the proxy.")) as proxy:
        for name in PROXIES:
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        answer = next(Live(endpoint.url.replace("127.0.0.1", host), "m", retries=0).ask(prompt()))
        assert (answer, proxy.paths) == (TextDelta("Four."), [])


@pytest.mark.usefixtures("no_proxy")
def test_a_host_that_the_environment_exempts_is_reached_without_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "nobody.invalid")
    with pytest.raises(ModelError, match="nobody.invalid cannot be reached"):
        Live("http://nobody.invalid/v1").reach()


@pytest.mark.usefixtures("no_proxy")
def test_a_proxy_that_cannot_be_used_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", f"what://me:{KEY}@127.0.0.1:9")
    with pytest.raises(ModelError, match="proxy of this environment does not let through to h.example") as failed:
        Live("http://h.example/v1").reach()
    assert KEY not in str(failed.value)


def test_an_endpoint_is_reached_when_anybody_answers() -> None:
    with serving(said("")) as endpoint:
        Live(endpoint.url).reach()  # it refuses to list its models
    with pytest.raises(ModelError, match="127.0.0.1 cannot be reached"):
        Live(endpoint.url).reach()


def test_whoever_reads_no_more_hangs_up() -> None:
    with serving(endless) as endpoint:
        answer = Live(endpoint.url, "m").ask(prompt())
        assert next(answer) == TextDelta("la ")
        answer.close()  # type: ignore[attr-defined]
        assert endpoint.hung_up.wait(PATIENCE_S)


def test_the_key_and_the_urls_credentials_go_to_the_endpoint_alone(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with serving(said("Four.")) as endpoint:
        live = Live(endpoint.url + "?code=query-secret", "m", KEY)
        list(live.ask(prompt()))
        basic = Live(endpoint.url.replace("//", "//me:url%2Dsecret@"), "m", KEY)
        list(basic.ask(prompt()))
        assert endpoint.headers[0]["Authorization"] == f"Bearer {KEY}"
        assert endpoint.paths[0] == "/v1/chat/completions?code=query-secret"
        assert endpoint.headers[1]["Authorization"] == "Basic bWU6dXJsLXNlY3JldA=="
    told = caplog.text + repr(vars(live)) + repr(vars(basic)) + live.provenance() + basic.provenance()
    assert "HTTP Request: POST" in told
    assert not re.search(f"{KEY}|-secret", told)


def test_without_a_key_none_is_sent() -> None:
    with serving(said("Four.")) as endpoint:
        list(Live(endpoint.url, "m").ask(prompt()))
        assert "Authorization" not in endpoint.headers[0]


def test_a_redirect_to_elsewhere_is_told_and_not_followed() -> None:
    with serving(said("Four.")) as other:

        def sends_away(exchange: Any) -> None:
            exchange.whole(307, b"", Location=f"{other.url}/chat/completions")

        with serving(sends_away) as endpoint, pytest.raises(ModelError, match=f"sends requests on to .*:{other.port}"):
            list(Live(endpoint.url, "m", KEY, retries=0).ask(prompt()))
        assert other.requests == []


def test_the_cap_lowers_the_limit_and_then_refuses() -> None:
    with serving(said("Four.", finish="length", tokens=(20, 60)), said("More.", tokens=(20, 60))) as endpoint:
        live = Live(endpoint.url, "m", budget=Budget(cap_tokens=100, ledger=Ledger()))
        *_, finish = live.ask(prompt(max_completion_tokens=4000))
        assert 50 < endpoint.requests[0]["max_tokens"] < 100
        assert isinstance(finish, Finish)
        assert finish.provenance["cut_by"] == "the cap of this process"
        list(live.ask(prompt(max_completion_tokens=1)))
        with pytest.raises(ModelError, match="160 of 100 tokens are used or booked") as refused:
            list(live.ask(prompt()))
        assert refused.value.code == "rate_limit_exceeded"
        assert len(endpoint.requests) == 2


def test_what_the_endpoint_refuses_costs_nothing_and_half_an_answer_its_half() -> None:
    ledger = Ledger()
    with serving(status(401), endless) as endpoint:
        live = Live(endpoint.url, "m", budget=Budget(cap_tokens=1000, ledger=ledger), retries=0)
        with pytest.raises(ModelError):
            list(live.ask(prompt()))
        assert ledger.tokens == 0
        answer = live.ask(prompt())
        next(answer)
        assert ledger.tokens == 1000, "booked"
        answer.close()  # type: ignore[attr-defined]
        assert 5 < ledger.tokens < 50
