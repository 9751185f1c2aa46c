"""The small endpoint of the tests goes the way of the real ones."""

from pathlib import Path

import assistant_nb as anb
from tests.endpoints.run import all_of_it, sources
from tests.engine.model.endpoint import called, said, serving


def test_what_is_recorded_is_replayed_byte_for_byte(tmp_path: Path) -> None:
    call = called(("get_weather", '{"city" : "Troms\\u00f8"}'))
    replies = said("Yes\x1a\u2028…", tokens=(9, 3)), said("Be", "cause", " — "), call, said("It snows.")
    with serving(*replies) as endpoint:
        client = anb.connect(base_url=endpoint.url, model="m", record=tmp_path / "kept.jsonl")
        live = all_of_it(client, "text", "caller")
    assert (live["plain"]["texts"], live["called"]["arguments"]) == (["Yes\x1a\u2028…"], '{"city" : "Troms\\u00f8"}')
    replay = anb.connect(recording=tmp_path / "kept.jsonl")
    assert all_of_it(replay, "text", "caller") == live
    assert (sources(client), sources(replay)) == ({"live"}, {"recorded"})
