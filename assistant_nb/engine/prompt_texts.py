"""How a store keeps prompts without keeping a word of them twice. Pure.

The next prompt on a thread is mostly the last one: all turns so far and two more. Kept whole, prompts would grow with
the square of a conversation. So each thread has one list of texts, and a prompt is kept as the places of its turns:

    the texts        0 {"model": …}   1 "Two?"   2 "Four."   3 "And three?"
    the first prompt      (0, 0), (1, 1)
    the second            (0, 0), (1, 3)

A place is a span, first and last, so a prompt that only grows stays as short as it was. Turns are looked for in their
order, and what is not found is added at the end. A message that was deleted is skipped by later prompts, and stays for
the earlier ones. All of a prompt but its turns is a text, too; its span is the first.
"""

import json
from bisect import bisect_right
from collections.abc import Iterable, Sequence

from .entries import Asked
from .wire import encode

Span = tuple[int, int]
"""The numbers of a first and a last text."""
Numbered = Sequence[tuple[int, str]]


def apart(prompt: Asked, known: Numbered) -> tuple[list[Span], list[tuple[int, str]]]:
    """Where the texts of a prompt stand among those of its thread, and which must be added."""
    head, new = spans([encode({**prompt, "messages": []})], known)
    turns, more = spans(map(encode, prompt["messages"]), [*known, *new])
    return [*head, *turns], [*new, *more]


def together(texts: Sequence[str]) -> Asked:
    """A prompt from its texts. Raises ValueError when one is no JSON."""
    prompt: Asked = json.loads(texts[0])
    prompt["messages"] = [json.loads(text) for text in texts[1:]]
    return prompt


def spans(texts: Iterable[str], known: Numbered) -> tuple[list[Span], list[tuple[int, str]]]:
    """Where texts stand in a list of numbered ones, in its order, and which must be added at its end.

    `spans(["a", "c", "d"], [(0, "a"), (1, "b"), (2, "c")])` -> ([(0, 0), (2, 3)], [(3, "d")])
    """
    places: dict[str, list[int]] = {}
    for n, text in known:
        places.setdefault(text, []).append(n)
    free = known[-1][0] + 1 if known else 0
    found, added, at = list[Span](), list[tuple[int, str]](), -1
    for text in texts:
        there = places.get(text, [])
        index = bisect_right(there, at)
        if index < len(there):
            n = there[index]
        else:
            n = free + len(added)
            added.append((n, text))
        if found and found[-1][1] == n - 1:
            found[-1] = (found[-1][0], n)
        else:
            found.append((n, n))
        at = n
    return found, added
