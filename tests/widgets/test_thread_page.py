"""A thread as a page: order, what stands in it, and that nothing of it is raw."""

import re
from html import unescape
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from assistant_nb.widgets.thread_view import page as thread_page
from assistant_nb.widgets.thread_view.page import Item, Known

Json = Any  # objects with only the keys that a test needs


def message(id: str, at: int, run_id: str | None = None, text: str = "Hello.", **more: Any) -> Json:
    content = [{"type": "text", "text": {"value": text, "annotations": more.pop("annotations", [])}}]
    head = {"id": id, "object": "thread.message", "created_at": at, "run_id": run_id, "assistant_id": None}
    return {**head, "role": "assistant" if run_id else "user", "content": content, **more}


def run(id: str, at: int, status: str = "completed", **more: Any) -> Json:
    return {"id": id, "object": "thread.run", "created_at": at, "status": status, "assistant_id": "asst_1", **more}


def step(*calls: Json) -> Json:
    details = {"type": "tool_calls", "tool_calls": list(calls)}
    return {"id": "step_1", "status": "completed", "created_at": 1, "step_details": details}


def ids(messages: list[Json], runs: list[Json]) -> list[str]:
    return [item.id for item in thread_page.arrange(messages, runs, {})]


def test_a_run_stands_before_the_first_message_that_it_wrote() -> None:
    messages = [message("m1", 1), message("m2", 3, "r1"), message("m3", 4, "r1")]
    assert ids(messages, [run("r1", 2)]) == ["m1", "r1", "m2", "m3"]


def test_a_run_that_wrote_nothing_stands_where_it_began() -> None:
    messages = [message("m1", 1), message("m2", 5)]
    assert ids(messages, [run("r1", 1, "failed"), run("r2", 9, "failed")]) == ["m1", "r1", "m2", "r2"]


@given(
    st.lists(st.tuples(st.integers(0, 5), st.sampled_from([None, "r0", "r1", "r2"])), max_size=8),
    st.lists(st.integers(0, 5), max_size=3),
)
def test_everything_stands_there_once_and_messages_keep_their_order(written: Any, begun: list[int]) -> None:
    messages = [message(f"m{n}", at, run_id) for n, (at, run_id) in enumerate(sorted(written, key=lambda one: one[0]))]
    runs = [run(f"r{n}", at) for n, at in enumerate(sorted(begun))]
    found = ids(messages, runs)
    assert sorted(found) == sorted(one["id"] for one in [*messages, *runs])
    assert [id for id in found if id[0] == "m"] == [one["id"] for one in messages]


def test_a_mark_becomes_a_number_and_opens_the_words_that_were_found() -> None:
    mark = "【4:1†rules.md】"
    note = {"type": "file_citation", "text": mark, "file_citation": {"file_id": "file-2"}}
    hits = [{"file_id": f"file-{n}", "content": [{"type": "text", "text": f"words {n}"}]} for n in (1, 2)]
    found = step({"type": "file_search", "file_search": {"results": hits}})
    item = Item("m1", message("m1", 1, "r1", f"On Saturday{mark}.", annotations=[note]), [found])
    html = thread_page.html(item, Known(files={"file-2": "rules.md"}))
    assert 'On Saturday<sup class="anb-cite">[1]</sup>.' in html
    assert "<summary>[1] rules.md</summary><blockquote><p>words 2</p>" in html
    assert "【" not in html


def test_a_mark_of_a_second_search_opens_what_that_one_found() -> None:
    def search(words: str) -> Json:
        hit = {"file_id": "file-1", "content": [{"type": "text", "text": words}]}
        return {"type": "file_search", "file_search": {"results": [hit]}}

    note = {"type": "file_citation", "text": "【5:0†rules.md】", "file_citation": {"file_id": "file-1"}}
    item = Item("m1", message("m1", 1, "r1", annotations=[note]), [step(search("first")), step(search("second"))])
    assert "<blockquote><p>second</p>" in thread_page.html(item, Known())


def test_searches_of_a_later_run_open_what_they_found() -> None:
    def search(words: str) -> Json:
        hit = {"file_id": "file-1", "content": [{"type": "text", "text": words}]}
        return {"type": "file_search", "file_search": {"results": [hit]}}

    note = {"type": "file_citation", "text": "【6:0†rules.md】", "file_citation": {"file_id": "file-1"}}
    messages = [
        message("m1", 1, "r1", "See【4:0†rules.md】."),
        message("m2", 2, text="And?"),
        message("m3", 3, "r2", annotations=[note]),
    ]
    steps = {"r2": [step(search("first")), step(search("second"))]}
    *_, last = thread_page.arrange(messages, [], steps)
    assert "<blockquote><p>second</p>" in thread_page.html(last, Known())


def test_a_file_that_code_made_is_a_link_to_it() -> None:
    note = {"type": "file_path", "text": "sandbox:/mnt/data/a.csv", "file_path": {"file_id": "file-1"}}
    item = Item("m1", message("m1", 1, "r1", "See [the table](sandbox:/mnt/data/a.csv).", annotations=[note]))
    assert '<a class="anb-file" data-file="file-1">the table</a>' in thread_page.html(item, Known())


def test_a_picture_is_shown_from_what_is_at_hand_and_never_fetched() -> None:
    picture = {"type": "image_file", "image_file": {"file_id": "file-1"}}
    web = {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}
    item = Item("m1", message("m1", 1) | {"content": [picture, web]})
    html = thread_page.html(item, Known(pictures={"file-1": "data:image/png;base64,AAAA"}))
    assert re.findall(r'src="([^"]*)"', html) == ["data:image/png;base64,AAAA"]
    assert "not fetched" in html


def test_refusals_and_unknown_parts_are_shown() -> None:
    parts = [{"type": "refusal", "refusal": "No <b>."}, {"type": "audio", "x": 1}]
    html = thread_page.html(Item("m1", message("m1", 1) | {"content": parts}), Known())
    assert "<b>refusal:</b> No &lt;b&gt;." in html
    assert "a part of type audio" in html


def test_a_run_tells_its_error_its_tokens_and_where_its_answers_came_from() -> None:
    origins = [{"answer": "recorded", "endpoint": "api.openai.com", "model": "gpt-4o"}] * 2
    error = {"code": "server_error", "message": "Out <of> order."}
    usage = {"total_tokens": 1234}
    failed = run("r1", 5, "failed", failed_at=8, usage=usage, last_error=error, provenance=origins)
    html = thread_page.html(Item("r1", failed), Known({"asst_1": "Tutor"}))
    told = "run of Tutor · 3 s · 1,234 tokens · answers: recorded (api.openai.com, gpt-4o)<"
    assert f'anb-bad-pill">failed</span> {told}' in html
    assert "<b>server_error</b>: Out &lt;of&gt; order." in html


def test_an_answer_from_a_recording_says_how_it_was_matched_and_what_it_replaces() -> None:
    origin = {"answer": "recorded", "model": "m", "matched_by": "the person's words", "instead_of": "live: no network"}
    html = thread_page.html(Item("r1", run("r1", 5, "completed", provenance=[origin])), Known())
    assert "recorded (m), matched by the person's words, instead of live: no network" in unescape(html)


def test_each_kind_of_call_shows_what_went_in_and_what_came_out() -> None:
    ran = {"input": "print(1)", "outputs": [{"type": "logs", "logs": "1\n"}], "contained_by": ["seccomp"]}
    call = {"type": "function", "function": {"name": "add", "arguments": '{"a": 1}', "output": None}}
    calls = [{"type": "code_interpreter", "code_interpreter": ran}, call, {"type": "browser", "browser": {}}]
    html = thread_page.html(Item("r1", run("r1", 1), [step(*calls)]), Known())
    output = '<pre class="anb-plain">1\n</pre>'
    for shown in ("contained by seccomp", output, ">add</span>", "no output yet", ">browser</span>"):
        assert shown in html
    assert html != thread_page.lasting(html)
    assert "contained" not in thread_page.lasting(html)


def test_what_a_step_took_is_told_once_for_all_its_calls() -> None:
    call = {"type": "function", "function": {"name": "add", "arguments": "{}", "output": None}}
    took = step(call, call) | {"status": "expired", "usage": {"total_tokens": 9}}
    html = thread_page.html(Item("r1", run("r1", 1), [took]), Known())
    assert html.count("9 tokens") == 1
    assert '2 calls · <span class="anb-pill anb-bad-pill">expired</span> 9 tokens' in html


def test_a_search_that_tells_no_hits_has_not_found_nothing() -> None:
    cases: list[tuple[Json, int]] = [({}, 0), ({"results": []}, 1)]
    for results, told in cases:
        searched = step({"type": "file_search", "file_search": results})
        html = thread_page.html(Item("r1", run("r1", 1), [searched]), Known())
        assert html.count("nothing was found") == told


def test_a_run_that_waits_says_for_what() -> None:
    action = {"submit_tool_outputs": {"tool_calls": [{"function": {"name": "add"}}, {"function": {"name": "sub"}}]}}
    html = thread_page.html(Item("r1", run("r1", 1, "requires_action", required_action=action)), Known())
    assert "waits for the output of add, sub" in html


def test_the_summary_counts() -> None:
    items = [Item("m1", message("m1", 1)), Item("r1", run("r1", 1, usage={"total_tokens": 1000}))]
    assert thread_page.summary(items) == "1 message · 1 run · 1,000 tokens"
    assert thread_page.summary(items[:1], older=True) == "the last 1 message · 0 runs"
    assert thread_page.summary(items[:1], newer=True) == "the first 1 message · 0 runs"
    assert thread_page.summary(items[:1], older=True, newer=True) == "amid the thread: 1 message · 0 runs"


def test_a_copy_holds_the_beginning_of_a_long_output_only() -> None:
    ran = {"input": "1", "outputs": [{"type": "logs", "logs": "<&" * 100_000}]}
    steps = [step({"type": "code_interpreter", "code_interpreter": ran})]
    html = thread_page.html(Item("r1", run("r1", 1), steps), Known())
    copy = thread_page.lasting(html)
    assert len(copy) < 60_000 < len(html)
    assert "&lt;&amp; … (the rest is not in this copy)</pre>" in copy
