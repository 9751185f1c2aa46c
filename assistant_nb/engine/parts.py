"""The shapes of what objects are made of: tools, parts of messages, usage, tool calls. Nothing here runs.

Every variant says in `type` which one it is; a test of that tells the type checker which keys are there.

Source: API reference, "Assistants (v2)"; recorded answers and streams.
"""

from typing import Any, Literal, NotRequired, Required, TypedDict, final

from .errors import LastErrorCode
from .files.file_objects import SearchHit
from .params.fields import CodeInterpreterTool, Schema
from .params.files import Filter

# Tools, with their defaults spelled out


class RankingOptions(TypedDict):
    ranker: str
    score_threshold: float
    hybrid_search: dict[str, Any] | None


class FileSearchSettings(TypedDict):
    max_num_results: NotRequired[int]
    ranking_options: RankingOptions
    filters: NotRequired[Filter]
    """Of responses alone."""


class FileSearchTool(TypedDict):
    type: Literal["file_search"]
    file_search: FileSearchSettings


class Function(TypedDict):
    name: str
    description: NotRequired[str]
    parameters: Schema
    strict: bool


class FunctionTool(TypedDict):
    type: Literal["function"]
    function: Function


Tool = CodeInterpreterTool | FileSearchTool | FunctionTool


# Parts of messages


class FileCitation(TypedDict):
    file_id: str
    quote: NotRequired[str]


class Place(TypedDict):
    """What in a text points to something."""

    text: str
    start_index: int
    end_index: int
    index: NotRequired[int]
    """In a delta: which annotation of the message."""


class CitationAnnotation(Place):
    """Points to a hit of a file search: `【4:0†notes.txt】`."""

    type: Literal["file_citation"]
    file_citation: FileCitation


class FilePath(TypedDict):
    file_id: str


class PathAnnotation(Place):
    """Points to a file that code has made: `sandbox:/mnt/data/plot.csv`."""

    type: Literal["file_path"]
    file_path: FilePath


Annotation = CitationAnnotation | PathAnnotation


class Text(TypedDict):
    value: str
    annotations: NotRequired[list[Annotation]]
    """Always there, but in deltas."""


class TextPart(TypedDict):
    type: Literal["text"]
    text: Text
    index: NotRequired[int]
    """In a delta: which part of the message."""


class ImageFile(TypedDict):
    file_id: str
    detail: str


class ImageFilePart(TypedDict):
    type: Literal["image_file"]
    image_file: ImageFile
    index: NotRequired[int]


class ImageUrl(TypedDict):
    url: str
    detail: str


class ImageUrlPart(TypedDict):
    type: Literal["image_url"]
    image_url: ImageUrl


Part = TextPart | ImageFilePart | ImageUrlPart


class IncompleteDetails(TypedDict):
    reason: str


# Parts of runs and their steps


class CachedTokens(TypedDict):
    cached_tokens: int


class ReasoningTokens(TypedDict):
    reasoning_tokens: int


class Usage(TypedDict):
    """Tokens spent. `estimated` is ours: the engine has counted, not a model."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    prompt_token_details: CachedTokens
    completion_tokens_details: ReasoningTokens
    estimated: NotRequired[bool]


class LastError(TypedDict):
    code: LastErrorCode
    message: str


class TruncationStrategy(TypedDict):
    type: Literal["auto", "last_messages"]
    last_messages: int | None


class Provenance(TypedDict, total=False):
    """Where an answer comes from. Ours; a model may add keys of its own."""

    answer: Required[str]
    """Such as "recorded", "source", "authored", "practice", "live"."""
    usage: str
    model: str
    date: str
    note: str
    endpoint: str
    asked_for: str
    left_out: str
    cut_by: str
    called_by: str
    instead_of: str
    matched_by: str
    faults: list[str]


class CalledFunction(TypedDict):
    name: str
    arguments: str
    output: NotRequired[str | None]
    """Not in a required action, which asks for it."""


class FunctionCall(TypedDict):
    id: str
    type: Literal["function"]
    function: CalledFunction


class Logs(TypedDict):
    type: Literal["logs"]
    logs: str


class ImageId(TypedDict):
    file_id: str


class Picture(TypedDict):
    type: Literal["image"]
    image: ImageId


CodeOutput = Logs | Picture


class RunCode(TypedDict):
    input: str
    outputs: list[CodeOutput]
    contained_by: NotRequired[list[str]]
    """Ours: what has contained the code."""


class CodeInterpreterCall(TypedDict):
    id: str
    type: Literal["code_interpreter"]
    code_interpreter: RunCode


class CallRanking(TypedDict):
    ranker: str
    score_threshold: float


class Searched(TypedDict):
    ranking_options: CallRanking
    results: list[SearchHit]


class FileSearchCall(TypedDict):
    id: str
    type: Literal["file_search"]
    file_search: Searched


ToolType = Literal["code_interpreter", "file_search", "function"]
ToolCall = FunctionCall | CodeInterpreterCall | FileSearchCall


@final
class CodeAnswer(TypedDict):
    """What a code interpreter's call gets."""

    outputs: list[CodeOutput]
    contained_by: NotRequired[list[str]]


@final
class SearchAnswer(TypedDict):
    """What a file search's call gets."""

    results: list[SearchHit]


ToolAnswer = CodeAnswer | SearchAnswer


class CreatedMessage(TypedDict):
    message_id: str


class MessageCreationDetails(TypedDict):
    type: Literal["message_creation"]
    message_creation: CreatedMessage


class ToolCallsDetails(TypedDict):
    type: Literal["tool_calls"]
    tool_calls: list[ToolCall]


StepDetails = MessageCreationDetails | ToolCallsDetails
StepType = Literal["message_creation", "tool_calls"]


class WantedOutputs(TypedDict):
    tool_calls: list[FunctionCall]


class RequiredAction(TypedDict):
    type: Literal["submit_tool_outputs"]
    submit_tool_outputs: WantedOutputs
