"""Bodies and queries of assistants, threads, messages and runs: what is allowed in them."""

from typing import Annotated, Literal, NotRequired, Required

from annotated_types import Ge, Le, MaxLen
from typing_extensions import TypedDict

from .fields import (
    AssistantId,
    Attachment,
    Content,
    Metadata,
    ModelName,
    OwnToolResources,
    Sampling,
    SettingsParam,
    Text,
    ToolChoice,
    ToolParam,
    ToolResources,
)


class _Assistant(SettingsParam, total=False):
    name: Annotated[str, MaxLen(256)]
    description: Annotated[str, MaxLen(512)]
    instructions: Text
    metadata: Metadata


class AssistantChanges(_Assistant, total=False):
    """Of a body that modifies an assistant: the fields that the assistant keeps as they came."""

    model: ModelName


class ModifyAssistant(AssistantChanges, total=False):
    tools: Annotated[list[ToolParam], MaxLen(128)]
    tool_resources: OwnToolResources


class CreateAssistant(_Assistant, total=False):
    model: Required[ModelName]
    tools: Annotated[list[ToolParam], MaxLen(128)]
    tool_resources: OwnToolResources


class CreateMessage(TypedDict):
    role: Literal["user", "assistant"]
    content: Content
    attachments: NotRequired[list[Attachment]]
    metadata: NotRequired[Metadata]


class ModifyMetadata(TypedDict, total=False):
    """Messages and runs let nothing else be modified."""

    metadata: Metadata


class ModifyThread(ModifyMetadata, total=False):
    tool_resources: OwnToolResources


class CreateThread(ModifyThread, total=False):
    messages: list[CreateMessage]


class TruncationParam(TypedDict):
    type: Literal["auto", "last_messages"]
    last_messages: NotRequired[Annotated[int, Ge(1)]]


class _Run(TypedDict, total=False):
    """What the two ways to create a run have in common."""

    assistant_id: Required[AssistantId]
    model: ModelName
    instructions: Text
    tools: Annotated[list[ToolParam], MaxLen(20)]
    metadata: Metadata
    stream: bool
    max_prompt_tokens: Annotated[int, Ge(1)]
    max_completion_tokens: Annotated[int, Ge(1)]
    truncation_strategy: TruncationParam
    tool_choice: ToolChoice
    parallel_tool_calls: bool


class CreateRun(_Run, SettingsParam, total=False):
    additional_instructions: Text
    additional_messages: list[CreateMessage]


class CreateThreadAndRun(_Run, Sampling, total=False):
    thread: CreateThread
    tool_resources: ToolResources


class ToolOutput(TypedDict):
    tool_call_id: Text
    output: NotRequired[str]


class SubmitToolOutputs(TypedDict):
    tool_outputs: list[ToolOutput]
    stream: NotRequired[bool]


# Queries: what is unknown in them is passed over, as the API did


class ListQuery(TypedDict, total=False):
    limit: Annotated[int, Ge(1), Le(100)]
    order: Literal["asc", "desc"]
    after: str
    before: str


class ListMessagesQuery(ListQuery, total=False):
    run_id: str


IncludeQuery = TypedDict(
    "IncludeQuery",
    {"include[]": list[Literal["step_details.tool_calls[*].file_search.results[*].content"]]},
    total=False,
)
"""What of a run step is shown only to those who ask for it."""
