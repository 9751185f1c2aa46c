"""The wire: any pieces of it give the same messages, and no message takes more memory than it may."""

import struct
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant_nb.sandbox.channels.zmtp import Decoder, encode, hello

frames = st.lists(st.binary(max_size=300), min_size=1, max_size=5)


def decoded(decoder: Decoder, wire: bytes) -> list[list[bytes]]:
    decoder.feed(wire)
    return list(iter(decoder.next, None))


def greeted(most_bytes: int = 10_000) -> Decoder:
    decoder = Decoder(most_bytes)
    assert decoded(decoder, hello("DEALER")) == []
    assert decoder.ready
    return decoder


def test_a_toy_message_is_on_the_wire_as_the_standard_says() -> None:
    assert encode([b"a", b"bc"]) == bytes.fromhex("010161 00026263")
    assert encode([bytes(256)])[:9] == bytes.fromhex("02 0000000000000100")


@given(st.lists(frames, max_size=4), st.integers(1, 40))
def test_messages_are_the_same_in_pieces_of_any_size(messages: list[list[bytes]], size: int) -> None:
    wire = hello("SUB") + b"".join(map(encode, messages))
    decoder = Decoder(10_000)
    came = [frames for n in range(0, len(wire), size) for frames in decoded(decoder, wire[n : n + size])]
    assert came == messages


@given(st.binary())
def test_no_bytes_do_more_than_break_the_line(noise: bytes) -> None:
    came: list[list[bytes]] = []
    with suppress(ValueError):
        came = decoded(greeted(), noise)
    assert sum(len(frame) for frames in came for frame in frames) <= len(noise)


def test_a_message_that_is_too_large_is_dropped_as_it_comes_and_the_next_one_is_read() -> None:
    decoder = greeted(most_bytes=100)
    for _ in range(50):
        assert decoded(decoder, struct.pack(">BQ", 3, 90) + bytes(90)) == []
    assert sum(map(len, decoder._frames)) <= 100
    assert decoded(decoder, encode([b"last"]) + encode([b"next"])) == [[], [b"next"]]


@pytest.mark.parametrize(
    "wire",
    [b"\x04\xff" + bytes(255) + struct.pack(">BQ", 6, 2**40), bytes([1, 0]) * 1001],
    ids=["a large command", "too many frames"],
)
def test_what_has_no_end_is_refused(wire: bytes) -> None:
    with pytest.raises(ValueError, match="command|frames"):
        decoded(greeted(), wire)


def test_another_greeting_is_refused() -> None:
    with pytest.raises(ValueError, match="greeting"):
        decoded(Decoder(100), b"HTTP/1.1 200 OK".ljust(64))
