"""What a widget and its page send each other: the shapes of their JSON. Types only."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal, NotRequired, Required, TypedDict, final

if TYPE_CHECKING:
    from ..shapes import Breakpoint, FunctionCall, LabRun, Tool

# All widgets


class PanelState(TypedDict, total=False):
    """What a view that has just opened gets; each widget's own state comes with it."""

    id: str
    """The widget's id; its elements have it as a class."""
    stem: str
    """The name of the widget's folder; the style uses it."""
    trouble: str | None
    polls: bool
    """True where there are no threads: the page must ask for news."""


# RunStepper


class StatusLook(TypedDict):
    """How a status is shown."""

    colour: str
    """The kind of its pill: "run", "ok", "warn" or "bad"."""
    place: tuple[int, int]
    """Its middle in the map."""
    can_stop: bool


class FrameRow(TypedDict):
    """A frame in the list."""

    title: str
    badge: str
    status: str
    effect: bool
    """True if it had an effect that no fork takes back."""
    used: str
    """Time and tokens up to this frame."""


class BranchRow(TypedDict):
    """A branch in the tree."""

    id: str
    label: str
    status: str
    shown: bool
    parent: str | None
    """The run that it was forked from."""
    start: int | None
    """The last frame that it shares with its parent, counted from 1."""


class CodedCall(TypedDict):
    """A call that a client would make at a frame."""

    why: str
    code: dict[str, str]
    """The call in each way to write it, such as "SDK" or "HTTP"."""
    answer: str
    """HTML; empty if there is no answer yet."""


class Question(TypedDict):
    """A question to the learner: what happens next?"""

    about: str
    """"status" or "call"."""
    text: str
    options: list[str]
    start: int
    """The first frame that may answer it, counted from 0."""


class Guess(TypedDict):
    """The question, the guess and the score."""

    question: Question | None
    guessed: str | None
    told: str
    score: tuple[int, int]


class StepperState(PanelState):
    """All that a stepper draws, except the tabs."""

    word: Literal["run", "response"]
    """What is stepped through."""

    engine: bool | None
    """Whether the server is our engine; None until it has answered."""
    moves: dict[str, dict[str, str]]
    """The legal moves of each status, with their reasons."""
    statuses: dict[str, StatusLook]
    faults: Mapping[str, str]
    tabs: dict[str, tuple[str, str]]
    """Label and tooltip of each tab."""
    position: "LabRun | None"
    frames: list[FrameRow]
    place: int
    origin: str
    """Where the answers come from."""
    breakpoints: "list[Breakpoint]"
    branches: list[BranchRow]
    functions: list[str]
    guess: Guess | None
    thread: str


# ThreadView


Kind = Literal["Thread", "Conversation"]
"""What a view shows."""


class AboutThread(PanelState):
    """What the view says about the messages that it shows."""

    kind: Kind
    thread: str
    copied: bool
    """True if it is a copy of the view's thread, to try things on."""
    summary: str
    older: bool
    """Whether there are messages before the first one that is shown."""
    newer: bool
    waits: bool
    """True if a run is under way that can be stopped."""
    asks: "Asks | None"
    """The outputs that a run waits for."""
    seat: "Seat | None"
    """The answer of a person that a run waits for."""


class Asks(TypedDict):
    """What a run waits for."""

    run: str
    calls: "list[FunctionCall]"
    functions: bool
    """True if the view has functions that can answer."""


class Seat(TypedDict):
    """What a person is asked who plays the model."""

    run: str
    tools: "Sequence[Tool]"
    prompt: str
    """HTML."""


class ThreadState(AboutThread):
    items: list[tuple[str, str]]
    """The id and the HTML of each message and run."""


@final
class PutItem(TypedDict):
    """Show an item, anew or for the first time."""

    put: str
    after: str | None
    """The item before it. None: it is the first one, or stays where it is."""
    html: str


@final
class DropItem(TypedDict):
    drop: str


@final
class GrowItem(TypedDict):
    """Show the last blocks of a message that grows."""

    blocks: str
    keep: int
    """How many of its blocks stay as they are."""
    html: Sequence[str]


Change = PutItem | DropItem | GrowItem
"""What a page must do to show what is new."""


class Hit(TypedDict):
    """A message in which words were found."""

    id: str
    role: str
    words: str
    """The hit with the words around it."""


class AssistantChoice(TypedDict):
    """An assistant that can be asked."""

    id: str
    name: str
    model: str


class SavedFile(TypedDict):
    """A file to save, its bytes in base64."""

    name: str
    base64: str


class SavedText(TypedDict):
    """A text to save, and its media type."""

    name: str
    text: str
    type: Literal["text/markdown", "text/html", "application/x-ipynb+json"]


# AssistantForm


class Control(TypedDict, total=False):
    """How the page draws a field."""

    name: Required[str]
    control: Required[Literal["text", "model", "tools", "number", "choice", "format", "schema", "metadata"]]
    """The kind of its control; `fields.js` draws each kind."""
    label: Required[str]
    lines: int
    """The height of a text."""
    limit: int
    """The longest text, in characters."""
    most: float
    """The largest number; the smallest is 0."""
    words: tuple[str, ...]
    """What a choice offers."""


class NamedId(TypedDict):
    id: str | None
    name: str | None


class Absent(TypedDict):
    """An assistant that could not be loaded, and why."""

    id: str
    sentence: str


class ChangedPlace(TypedDict):
    """What an update would do to one place."""

    path: str
    before: str | None
    after: str | None


class Listing(TypedDict):
    """The call as code."""

    name: str
    source: str
    html: str


class Checks(TypedDict):
    """What Python says of a draft."""

    mistakes: dict[str, str]
    """A sentence for each path of a field."""
    changes: list[ChangedPlace]
    code: list[Listing]


class Catalogue(TypedDict):
    """What there is on the server: ids with their names."""

    assistants: list[list[str]]
    models: list[str]
    files: list[list[str]]
    stores: list[list[str]]
    held: dict[str, list[str]]
    """The ids of the files in each vector store of the draft."""


class OfferedFunction(TypedDict):
    """A function of the notebook: `get_weather` and `(city: str) -> str`."""

    name: str
    signature: str


class Uploaded(TypedDict):
    """A file on the server. For file_search also its vector store, and what went wrong there."""

    file_id: str
    name: str
    vector_store_id: NotRequired[str]
    error: NotRequired[str | None]
