"""Mistakes with ids: an object, another kind of id, an id that is not there."""

from typing import Final

from ...sdk import FROM_TOP, KINDS
from ..lines import on_its_thread
from ..row import Lesson, Mistake

_WRONG_ID: Final = Lesson("01", "An id that does not fit")
_ID: Final = rf"(?P<prefix>{'|'.join(KINDS)})[-_]\w+"

ROWS: Final = (
    Mistake(
        "object instead of id",
        r"BadRequestError",
        r"^Invalid '(?P<param>\w+)': '(?P<given>[A-Z]\w+)\(id='(?P<id>[^']*)'",
        "You passed a whole {given} where an id belongs.",
        ("{argument}",),
        _WRONG_ID,
    ),
    Mistake(
        "id of another kind",
        r"BadRequestError",
        rf"^Invalid '(?P<param>\w+)': '(?P<id>{_ID})'\. Expected an ID",
        "This is the id of {kind_given}. `{param}` takes the id of {kind_wanted}.",
        ("{argument}",),
        _WRONG_ID,
    ),
    Mistake(
        "wrong id",
        r"BadRequestError|ValueError",
        r"^(Invalid|Expected a non-empty value for) ['`](?P<param>\w+)['`](: '(?P<id>.*)'\. Expected| but received)",
        "This is not an id. `{param}` takes the id of {kind_wanted}.",
        ("{argument}",),
        _WRONG_ID,
        None,
    ),
    Mistake(
        "another thread",
        r"NotFoundError",
        r"^No (?P<thing>run|message) found with id '(?P<id>.*)'",
        "This {thing} is on another thread.",
        ("{on_its_thread}",),
        _WRONG_ID,
        fits=lambda facts, words: bool(on_its_thread(facts, words)),
    ),
    Mistake(
        "wrong id",
        r"NotFoundError",
        r"^No (?P<thing>[\w ]+) found with id '(?P<id>.*)'|^No such File object: (?P<file_id>\S+?)\.?$",
        f"Nothing here has this id. {FROM_TOP}",
        ("{other_id}",),
        _WRONG_ID,
    ),
    Mistake(
        ".id forgotten",
        r"BadRequestError",
        r"^Invalid type for '(?P<param>[\w.]*_ids?(\[\d+\])?)': expected a string, but got an object",
        "You passed a whole object where an id belongs.",
        ("{argument}",),
        Lesson("01", "Step 4: Run the assistant"),
    ),
)
