"""The picture of lesson 07 is drawn from the times of its recording: change the recording, and this test says so.

`python -m tests.test_pictures` draws it anew.
"""

from pathlib import Path
from typing import Final

from assistant_nb import course
from assistant_nb.engine.model.base import TextDelta
from assistant_nb.engine.model.recorded import SHIPPED, Exchange, read

PICTURE: Final = Path(__file__).parents[1] / "notebooks/images/07_arrival.svg"
LEFT, WIDTH, TOP, ROW = 110, 560, 40, 60
HEAD: Final = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 720 200" width="720" height="200" role="img" \
font-family="sans-serif" font-size="14" fill="#222">
<title>When the words of an answer arrive</title>
<rect width="720" height="200" fill="#fff"/>"""


def arrivals(exchange: Exchange) -> list[float]:
    """The seconds after which each piece of the answer comes."""
    pieces = [delta for delta in exchange.deltas() if isinstance(delta, TextDelta)]
    return [(exchange.wait_ms + n * exchange.pace_ms) / 1000 for n in range(1, len(pieces) + 1)]


def drawn(times: list[float]) -> str:
    """Two rows of bars, one bar a word: with polling all come at the end."""
    scale = WIDTH / 2  # the axis has two seconds
    lines = [HEAD]
    for row, (name, shown) in enumerate({"polling": [times[-1]] * len(times), "streaming": times}.items()):
        y = TOP + row * ROW
        lines.append(f'<text x="12" y="{y + 20}">{name}</text>')
        lines.append(f'<rect x="{LEFT}" y="{y}" width="{WIDTH}" height="30" fill="#eee"/>')
        lines += [f'<rect x="{LEFT + at * scale:.1f}" y="{y}" width="6" height="30" fill="#1a66c2"/>' for at in shown]
    lines.append(f'<text x="{LEFT + times[-1] * scale + 14:.1f}" y="{TOP + 20}">all {len(times)} words</text>')
    for second in (0, 0.5, 1, 1.5, 2):
        x = LEFT + second * scale
        lines.append(f'<text x="{x:.1f}" y="{TOP + 2 * ROW + 6}" text-anchor="middle">{second:g} s</text>')
    lines.append(f'<text x="{LEFT}" y="{TOP + 2 * ROW + 30}">time since the question</text>')
    return "\n".join([*lines, "</svg>", ""])


def picture() -> str:
    return drawn(arrivals(read(SHIPPED / "07_streaming.jsonl").exchanges[0]))


def test_the_bars_of_lesson_07_are_the_times_of_its_recording() -> None:
    assert PICTURE.read_text(encoding="utf-8") == picture()


def test_a_copy_of_the_lesson_brings_its_picture_along(tmp_path: Path) -> None:
    course.copy_files(course.find("07"), tmp_path)
    assert (tmp_path / "images" / PICTURE.name).read_bytes() == PICTURE.read_bytes()


if __name__ == "__main__":
    PICTURE.parent.mkdir(exist_ok=True)
    PICTURE.write_text(picture(), encoding="utf-8")
