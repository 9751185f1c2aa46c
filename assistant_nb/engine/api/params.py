"""Bodies and queries of assistants, threads, messages and runs: what is allowed in them, one model each."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, Field, model_validator
from pydantic_core import PydanticCustomError

from ..errors import LastErrorCode
from ..model.faults import Kind
from ..run_states import Status
from ..runs.stepping import To
from .fields import (
    Attachment,
    Body,
    Content,
    Metadata,
    ModelName,
    OwnToolResources,
    ReasoningEffort,
    ResponseFormat,
    Temperature,
    Text,
    Tool,
    ToolChoice,
    ToolResources,
    TopP,
    TruncationStrategy,
)

# Bodies


class AssistantBody(Body):
    """What creating and modifying an assistant have in common."""

    name: Annotated[str, Field(max_length=256)] | None = None
    description: Annotated[str, Field(max_length=512)] | None = None
    instructions: Text | None = None
    tools: Annotated[list[Tool], Field(max_length=128)] | None = None
    tool_resources: OwnToolResources | None = None
    metadata: Metadata | None = None
    temperature: Temperature | None = None
    top_p: TopP | None = None
    reasoning_effort: ReasoningEffort | None = None
    response_format: ResponseFormat | None = None


class CreateAssistant(AssistantBody):
    model: ModelName


class ModifyAssistant(AssistantBody):
    model: ModelName | None = None


class CreateMessage(Body):
    role: Literal["user", "assistant"]
    content: Content
    attachments: list[Attachment] | None = None
    metadata: Metadata | None = None


class ModifyMetadata(Body):
    """Messages and runs let nothing else be modified."""

    metadata: Metadata | None = None


class ModifyThread(ModifyMetadata):
    tool_resources: OwnToolResources | None = None


class CreateThread(ModifyThread):
    messages: list[CreateMessage] | None = None


class RunBody(Body):
    """What the two ways to create a run have in common."""

    assistant_id: Text
    model: ModelName | None = None
    instructions: Text | None = None
    tools: Annotated[list[Tool], Field(max_length=20)] | None = None
    metadata: Metadata | None = None
    temperature: Temperature | None = None
    top_p: TopP | None = None
    stream: bool | None = None
    max_prompt_tokens: Annotated[int, Field(ge=1)] | None = None
    max_completion_tokens: Annotated[int, Field(ge=1)] | None = None
    truncation_strategy: TruncationStrategy | None = None
    tool_choice: ToolChoice | None = None
    parallel_tool_calls: bool | None = None
    response_format: ResponseFormat | None = None


class CreateRun(RunBody):
    additional_instructions: Text | None = None
    additional_messages: list[CreateMessage] | None = None
    reasoning_effort: ReasoningEffort | None = None


class CreateThreadAndRun(RunBody):
    thread: CreateThread | None = None
    tool_resources: ToolResources | None = None


class ToolOutput(Body):
    tool_call_id: Text
    output: str | None = None


class SubmitToolOutputs(Body):
    tool_outputs: list[ToolOutput]
    stream: bool | None = None


class MoveClock(Body):
    """Ours: let time pass."""

    advance_s: Annotated[int, Field(ge=0, le=10**9)]


class OneOf(Body):
    """Ours: exactly one of its fields is given."""

    @model_validator(mode="after")
    def exactly_one(self) -> Self:
        if len(self.model_fields_set) != 1:
            names = ", ".join(type(self).model_fields)
            raise PydanticCustomError("one", "Give exactly one of {names}", {"names": names})
        return self


class Breakpoint(OneOf):
    status: Status | None = None
    step: Literal["message_creation", "tool_calls"] | None = None
    tool: Literal["code_interpreter", "file_search", "function"] | None = None
    function: Text | None = None


class HoldRun(Body):
    """Ours: let a run move only by hand."""

    breakpoints: Annotated[list[Breakpoint], Field(max_length=100)] | None = None


class CreateHeldRun(CreateRun, HoldRun):
    pass


class AdvanceRun(Body):
    """Ours: move a held run."""

    to: To | None = None


class SeekRun(HoldRun):
    """Ours: ask where a move would stop."""

    after: Annotated[int, Field(ge=0)]
    to: To


class SeatCall(Body):
    name: Text
    arguments: Text


class SeatError(Body):
    message: Annotated[str, Field(min_length=1, max_length=256_000)]
    code: LastErrorCode | None = None


class AnswerSeat(Body):
    """Ours: what a person says in the model's place."""

    text: Text | None = None
    tool_calls: Annotated[list[SeatCall], Field(max_length=128)] | None = None
    error: SeatError | None = None

    @model_validator(mode="after")
    def an_answer_or_an_error(self) -> Self:
        if bool(self.text or self.tool_calls) == bool(self.error):
            raise PydanticCustomError(
                "answer", "Answer with a text, with tool_calls, with both, or with an error alone"
            )
        return self


class EditedMessage(Body):
    id: Text
    content: Content


class EditedArguments(Body):
    tool_call_id: Text
    arguments: Text


class EditedOutput(Body):
    tool_call_id: Text
    output: Text


class Edit(OneOf):
    """What is otherwise in a fork."""

    message: EditedMessage | None = None
    instructions: Text | None = None
    answer: AnswerSeat | None = None
    arguments: EditedArguments | None = None
    output: EditedOutput | None = None


class ForkRun(Body):
    """Ours: let a run go on otherwise from an entry of its journal on."""

    at: Annotated[int, Field(ge=0)]
    edit: Edit | None = None


class SetFault(Body):
    """Ours: let a call of the model go wrong."""

    kind: Kind
    at_call: Annotated[int, Field(ge=1, le=10**6)] | None = None
    delay_s: Annotated[float, Field(ge=0, le=60)] | None = None
    after_deltas: Annotated[int, Field(ge=0, le=10**6)] | None = None

    @model_validator(mode="after")
    def with_its_own_measure(self) -> Self:
        for name, kind in (("delay_s", "slow"), ("after_deltas", "cut_off")):
            if getattr(self, name) is not None and self.kind != kind:
                raise PydanticCustomError(
                    "fault", "{name} goes with the kind '{kind}' only", {"name": name, "kind": kind}
                )
        return self


# Queries: strings, so not strict; what is unknown in them is passed over, as the API did


class ListQuery(BaseModel):
    limit: Annotated[int, Field(ge=1, le=100)] | None = None
    order: Literal["asc", "desc"] | None = None
    after: str | None = None
    before: str | None = None


class ListMessagesQuery(ListQuery):
    run_id: str | None = None


class JournalQuery(BaseModel):
    after: Annotated[int, Field(ge=0)] | None = None


class IncludeQuery(BaseModel):
    """What of a run step is shown only to those who ask for it."""

    include: Annotated[
        list[Literal["step_details.tool_calls[*].file_search.results[*].content"]], Field(alias="include[]")
    ] = []


class ListStepsQuery(ListQuery, IncludeQuery):
    pass
