"""Bodies and queries of `/v1/lab`, which is ours: time, breakpoints, forks, the model's seat, faults."""

from typing import Annotated, Any, Literal, NotRequired

from annotated_types import Ge, Le, MaxLen, MinLen
from pydantic_core import PydanticCustomError
from typing_extensions import TypedDict

from ..errors import LastErrorCode
from ..run_states import Status
from .assistants import CreateRun
from .fields import Content, Text, obeys

To = Literal["transition", "step", "tool", "breakpoint", "end"]
FaultKind = Literal["rate_limit", "server_error", "slow", "cut_off", "malformed_arguments"]


class MoveClock(TypedDict):
    """Let time pass."""

    advance_s: Annotated[int, Ge(0), Le(10**9)]


class ChangeModel(TypedDict):
    """Say who answers. Only names: an address, a key or a path comes from the engine's own side."""

    model: Literal["recorded", "practice", "human", "live"]


def _one_breakpoint(given: "Breakpoint") -> None:
    _exactly_one(given, Breakpoint)


@obeys(_one_breakpoint)
class Breakpoint(TypedDict, total=False):
    """Where a held run shall stop; exactly one of these keys."""

    status: Status
    step: Literal["message_creation", "tool_calls"]
    tool: Literal["code_interpreter", "file_search", "function"]
    function: Text


class HoldRun(TypedDict, total=False):
    """Let a run move only by hand."""

    breakpoints: Annotated[list[Breakpoint], MaxLen(100)]


class CreateHeldRun(CreateRun, HoldRun, total=False):
    pass


class AdvanceRun(TypedDict, total=False):
    """Move a held run."""

    to: To


class SeekRun(HoldRun):
    """Ask where a move would stop."""

    after: Annotated[int, Ge(0)]
    to: To


class SaidCall(TypedDict):
    name: Text
    arguments: Text


class SaidError(TypedDict):
    message: Annotated[str, MinLen(1), MaxLen(256_000)]
    code: NotRequired[LastErrorCode]


def _an_answer_or_an_error(given: "Said") -> None:
    if bool(given.get("text") or given.get("tool_calls")) == bool(given.get("error")):
        raise PydanticCustomError("answer", "Answer with a text, with tool_calls, with both, or with an error alone")


@obeys(_an_answer_or_an_error)
class Said(TypedDict, total=False):
    """What a person says in the model's place."""

    text: Text
    tool_calls: Annotated[list[SaidCall], MaxLen(128)]
    error: SaidError


class EditedMessage(TypedDict):
    id: Text
    content: Content


class EditedArguments(TypedDict):
    tool_call_id: Text
    arguments: Text


class EditedOutput(TypedDict):
    tool_call_id: Text
    output: Text


def _one_edit(given: "Edit") -> None:
    _exactly_one(given, Edit)


@obeys(_one_edit)
class Edit(TypedDict, total=False):
    """What is otherwise in a fork; exactly one of these keys."""

    message: EditedMessage
    instructions: Text
    answer: Said
    arguments: EditedArguments
    output: EditedOutput


class ForkRun(TypedDict):
    """Let a run go on otherwise from an entry of its journal on."""

    at: Annotated[int, Ge(0)]
    edit: NotRequired[Edit]


def _with_its_own_measure(given: "SetFault") -> None:
    for name, kind in (("delay_s", "slow"), ("after_deltas", "cut_off")):
        if name in given and given["kind"] != kind:
            raise PydanticCustomError("fault", "{name} goes with the kind '{kind}' only", {"name": name, "kind": kind})


@obeys(_with_its_own_measure)
class SetFault(TypedDict):
    """Let a call of the model go wrong."""

    kind: FaultKind
    at_call: NotRequired[Annotated[int, Ge(1), Le(10**6)]]
    delay_s: NotRequired[Annotated[float, Ge(0), Le(60)]]
    after_deltas: NotRequired[Annotated[int, Ge(0), Le(10**6)]]


class JournalQuery(TypedDict, total=False):
    after: Annotated[int, Ge(0)]


def _exactly_one(given: Breakpoint | Edit, kind: type[Any]) -> None:
    if len(given) != 1:
        raise PydanticCustomError("one", "Give exactly one of {names}", {"names": ", ".join(kind.__annotations__)})
