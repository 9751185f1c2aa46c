"""The shapes of what the engine stores and sends: one `TypedDict` for each kind of object. Nothing here runs.

Every object says in `object` which kind it is; a test of that tells the type checker which keys are there.
Their inner parts are in `parts`, files and vector stores in `files.file_objects`. They stand apart from `wire`,
which builds these objects, so that the journal and the store can name them.

Source: API reference, "Assistants (v2)".
"""

from dataclasses import dataclass
from typing import Any, Final, Generic, Literal, NotRequired, TypedDict, TypeVar

from .files.file_objects import File, FileBatch, VectorStore, VectorStoreFile
from .params.fields import Attachment, Settings, ToolChoice, ToolResources
from .parts import (
    IncompleteDetails,
    LastError,
    Part,
    Provenance,
    RequiredAction,
    StepDetails,
    StepType,
    Tool,
    TruncationStrategy,
    Usage,
)
from .run_states import Status

ItemBody = dict[str, Any]
"""An item of a response or a conversation as it travels; `params.responses` has the shapes."""

# Assistants and threads


class Assistant(Settings):
    id: str
    object: Literal["assistant"]
    created_at: int
    name: str | None
    description: str | None
    model: str
    instructions: str | None
    tools: list[Tool]
    tool_resources: ToolResources
    metadata: dict[str, str]


class Thread(TypedDict):
    """A thread, or a conversation: then its id begins with `conv_`."""

    id: str
    object: Literal["thread"]
    created_at: int
    metadata: dict[str, str]
    tool_resources: ToolResources


class Conversation(TypedDict):
    """A thread as `/v1/conversations` shows it."""

    id: str
    object: Literal["conversation"]
    created_at: int
    metadata: dict[str, str]


class Chain(TypedDict):
    """The hidden thread of responses that follow each other: without a conversation, or of a deleted one."""

    id: str
    object: Literal["chain"]
    created_at: int


# Messages


class Message(TypedDict):
    id: str
    object: Literal["thread.message"]
    created_at: int
    assistant_id: str | None
    thread_id: str
    run_id: str | None
    status: NotRequired[Literal["in_progress", "completed", "incomplete"]]
    """Always there, as the three below, but plain answers do not show them."""
    incomplete_details: NotRequired[IncompleteDetails | None]
    incomplete_at: NotRequired[int | None]
    completed_at: NotRequired[int | None]
    role: Literal["user", "assistant"]
    content: list[Part]
    attachments: list[Attachment]
    metadata: dict[str, str]
    sent: NotRequired[ItemBody]
    """The item as which it came, if it came as one."""
    refuses: NotRequired[bool]
    """Of a response: whether the model says why it does not answer."""


class Item(TypedDict):
    """What a response or a conversation holds beside messages: a call, an output, instructions, reasoning."""

    id: str
    object: Literal["thread.item"]
    thread_id: str
    run_id: str | None
    """The response that brought or made it."""
    step_id: NotRequired[str]
    """Of a call that a response made: the run step in which it stands."""
    read: NotRequired[str]
    """Of instructions and outputs: what a model reads of them."""
    item: ItemBody


# Runs


class ResponseRequest(TypedDict):
    """What a response was asked, as it echoes that."""

    conversation: str | None
    previous_response_id: str | None
    background: bool
    store: bool
    include: list[str]
    deleted: bool
    """Whether it is only there for those that follow it."""
    echo: dict[str, Any]
    """The keys of the response that repeat its request."""


class Run(Settings):
    id: str
    object: Literal["thread.run"]
    created_at: int
    assistant_id: str
    thread_id: str
    status: Status
    started_at: int | None
    expires_at: int | None
    cancelled_at: int | None
    failed_at: int | None
    completed_at: int | None
    required_action: RequiredAction | None
    last_error: LastError | None
    model: str
    instructions: str | None
    tools: list[Tool]
    tool_resources: ToolResources
    metadata: dict[str, str]
    max_completion_tokens: int | None
    max_prompt_tokens: int | None
    truncation_strategy: TruncationStrategy
    incomplete_details: IncompleteDetails | None
    usage: Usage | None
    tool_choice: ToolChoice
    parallel_tool_calls: bool
    provenance: list[Provenance]
    """Ours: where its answers came from, one after the other."""
    request: NotRequired[ResponseRequest]
    """Of a response, which is a run, too."""


class RunStep(TypedDict):
    id: str
    object: Literal["thread.run.step"]
    created_at: int
    run_id: str
    assistant_id: str
    thread_id: str
    type: StepType
    status: Literal["in_progress", "cancelled", "failed", "completed", "expired"]
    cancelled_at: int | None
    completed_at: int | None
    expires_at: int | None
    failed_at: int | None
    last_error: LastError | None
    step_details: StepDetails
    usage: Usage | None


# Kinds: what can be stored

RunObject = Run | RunStep | Message
"""What a journal tells of."""
Stored = Assistant | Thread | Chain | RunObject | Item | File | VectorStore | VectorStoreFile | FileBatch
T = TypeVar("T", bound=Stored)


@dataclass(frozen=True, slots=True)
class Kind(Generic[T]):
    """A kind of stored object, so that looking one up gives its type: `store.get(RUN, "run_…")` is a `Run`."""

    name: str
    """As in the key `object`."""
    noun: str
    """What an error message calls it."""
    parent: "Kind[Any] | None" = None
    """What it hangs on; None for what belongs to the account."""
    parent_key: str = ""
    """The key with the id of its parent."""


ASSISTANT: Final[Kind[Assistant]] = Kind("assistant", "assistant")
THREAD: Final[Kind[Thread]] = Kind("thread", "thread")
CHAIN: Final[Kind[Chain]] = Kind("chain", "thread")
MESSAGE: Final[Kind[Message]] = Kind("thread.message", "message", THREAD, "thread_id")
RUN: Final[Kind[Run]] = Kind("thread.run", "run", THREAD, "thread_id")
ITEM: Final[Kind[Item]] = Kind("thread.item", "item", None, "thread_id")
RUN_STEP: Final[Kind[RunStep]] = Kind("thread.run.step", "run step", RUN, "run_id")
FILE: Final[Kind[File]] = Kind("file", "file")
VECTOR_STORE: Final[Kind[VectorStore]] = Kind("vector_store", "vector store")
VECTOR_STORE_FILE: Final[Kind[VectorStoreFile]] = Kind("vector_store.file", "file", VECTOR_STORE, "vector_store_id")
FILE_BATCH: Final[Kind[FileBatch]] = Kind("vector_store.file_batch", "file batch", VECTOR_STORE, "vector_store_id")

KINDS: Final[dict[str, Kind[Any]]] = {
    kind.name: kind
    for kind in (
        ASSISTANT,
        THREAD,
        CHAIN,
        MESSAGE,
        ITEM,
        RUN,
        RUN_STEP,
        FILE,
        VECTOR_STORE,
        VECTOR_STORE_FILE,
        FILE_BATCH,
    )
}
