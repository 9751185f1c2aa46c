"""The shapes of what the engine sends, for those who read it as JSON. Types alone: at run time there is nothing here.

The widgets work with the SDK's client and never import the engine; a type checker follows these names.
"""

from typing import TYPE_CHECKING, Literal, TypedDict

if TYPE_CHECKING:
    from .engine.api.lab import Seat as LabSeat
    from .engine.api.stepper import EntryShown as JournalEntry
    from .engine.api.stepper import Fork as LabFork
    from .engine.api.stepper import Place as Parent
    from .engine.api.stepper import Position as LabRun
    from .engine.api.stepper import View as LabView
    from .engine.entries import Answered, Asked, PromptTurn
    from .engine.files.file_objects import SearchHit
    from .engine.objects import Message, Run, RunStep, Thread
    from .engine.params.lab import Breakpoint, Edit, Said, SaidCall, To
    from .engine.parts import Annotation, CodeOutput, FunctionCall, Part, Provenance, Tool, ToolCall

    class Refusal(TypedDict):
        """A part of a message that other servers make."""

        type: Literal["refusal"]
        refusal: str

    ReadPart = Part | Refusal

    __all__ = [
        "Annotation",
        "Answered",
        "Asked",
        "Breakpoint",
        "CodeOutput",
        "Edit",
        "FunctionCall",
        "JournalEntry",
        "LabFork",
        "LabRun",
        "LabSeat",
        "LabView",
        "Message",
        "Parent",
        "PromptTurn",
        "Provenance",
        "ReadPart",
        "Run",
        "RunStep",
        "Said",
        "SaidCall",
        "SearchHit",
        "Thread",
        "To",
        "Tool",
        "ToolCall",
    ]
