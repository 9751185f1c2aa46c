"""The tools of an assistant: how each is read from a form and shown in one. Pure.

`TOOLS` is the table of them.
"""

import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final, Literal, TypedDict

from .reading import Note, check_name, number, one_of, schema, shortest, show_schema, text

if TYPE_CHECKING:
    from openai.types.beta import AssistantToolParam, FileSearchToolParam, FunctionToolParam
    from openai.types.beta.file_search_tool_param import FileSearch, FileSearchRankingOptions
    from openai.types.shared_params import FunctionDefinition, FunctionParameters

RANKERS: Final = ("auto", "default_2024_08_21")
_NOTHING: Final["FunctionParameters"] = {"type": "object", "properties": {}}
"""The schema of a function without parameters."""

_EXAMPLE: Final["FunctionParameters"] = {
    "type": "object",
    "properties": {"city": {"type": "string", "description": "The city, such as Paris."}},
    "required": ["city"],
}


class CodeInterpreterDraft(TypedDict):
    type: Literal["code_interpreter"]


class FileSearchDraft(TypedDict):
    type: Literal["file_search"]
    max_num_results: int | str | None
    ranker: str | None
    score_threshold: float | str | None


class FunctionDraft(TypedDict):
    type: Literal["function"]
    name: str
    description: str | None
    parameters: str
    strict: bool | None


ToolDraft = CodeInterpreterDraft | FileSearchDraft | FunctionDraft


class ToolLook(TypedDict):
    """A tool as the page offers it."""

    about: str
    resource: Literal["file_ids", "vector_store_ids"] | None
    """The key of `ResourcesDraft` with its files; None if it takes none."""
    blank: ToolDraft
    """The draft of a tool that was just added. Of a function, an example to change."""


def read_tools(tools: list[ToolDraft], path: str, note: Note) -> "list[AssistantToolParam] | None":
    if len(tools) > 128:
        note(path, f"{len(tools)} tools are too many. The API takes 128.")
    return [_tool(tool, f"{path}[{n}]", note) for n, tool in enumerate(tools)] or None


def _tool(tool: ToolDraft, path: str, note: Note) -> "AssistantToolParam":
    if tool["type"] == "file_search":
        return _file_search(tool, f"{path}.file_search", note)
    if tool["type"] == "function":
        return _function(tool, f"{path}.function", note)
    return tool  # has no settings, or is a tool of a later day


def _file_search(tool: FileSearchDraft, path: str, note: Note) -> "FileSearchToolParam":
    ranking = f"{path}.ranking_options"
    most = number(1, 50, int)(tool.get("max_num_results"), f"{path}.max_num_results", note)
    ranker = one_of(RANKERS)(tool.get("ranker"), f"{ranking}.ranker", note)
    score = number(0, 1)(tool.get("score_threshold"), f"{ranking}.score_threshold", note)
    settings: FileSearch = {}
    if most is not None:
        settings["max_num_results"] = most  # type: ignore[typeddict-item]  # a mistake is noted for a fraction
    if ranker or score:
        options: FileSearchRankingOptions = {"score_threshold": score or 0}
        settings["ranking_options"] = {"ranker": ranker, **options} if ranker else options  # type: ignore[typeddict-item]
    return {"type": "file_search", "file_search": settings} if settings else {"type": "file_search"}


def _function(tool: FunctionDraft, path: str, note: Note) -> "FunctionToolParam":
    function: FunctionDefinition = {"name": tool.get("name") or ""}
    check_name(function["name"], f"{path}.name", note)
    description = text(256_000)(tool.get("description"), f"{path}.description", note)
    if description is not None:
        function["description"] = description
    if (parameters := schema(tool.get("parameters"), f"{path}.parameters", note)) is not None:
        function["parameters"] = parameters
    if (strict := tool.get("strict")) is not None:
        function["strict"] = strict
    if (kind := (parameters or {}).get("type", "object")) != "object":
        note(
            f"{path}.parameters", f'type: a function takes an object, so write "object" instead of {json.dumps(kind)}.'
        )
    return {"type": "function", "function": function}


def show_tools(tools: "Iterable[AssistantToolParam] | None") -> list[ToolDraft]:
    return [_show_tool(tool) for tool in tools or []]


def _show_tool(tool: "AssistantToolParam") -> ToolDraft:
    if tool["type"] == "function":
        function = tool["function"]
        parameters = function.get("parameters")
        return {
            "type": "function",
            "name": function["name"],
            "description": function.get("description"),
            "parameters": show_schema(None if parameters == _NOTHING else parameters),
            "strict": function.get("strict") or None,
        }
    if tool["type"] == "file_search":
        settings = tool.get("file_search") or {}
        ranking = settings.get("ranking_options")
        ranker = ranking.get("ranker") if ranking else None
        return {
            "type": "file_search",
            "max_num_results": settings.get("max_num_results"),
            "ranker": None if ranker == RANKERS[-1] else ranker,
            "score_threshold": shortest(ranking.get("score_threshold") or 0) or None if ranking else None,
        }
    return tool  # has no settings, or is a tool of a later day


TOOLS: Final[Mapping[str, ToolLook]] = {
    "code_interpreter": {
        "about": "runs Python on files",
        "resource": "file_ids",
        "blank": {"type": "code_interpreter"},
    },
    "file_search": {
        "about": "searches your files, cites them",
        "resource": "vector_store_ids",
        "blank": {"type": "file_search", "max_num_results": None, "ranker": None, "score_threshold": None},
    },
    "function": {
        "about": "",
        "resource": None,
        "blank": {
            "type": "function",
            "name": "get_weather",
            "description": "The weather in a city now.",
            "parameters": show_schema(_EXAMPLE),
            "strict": None,
        },
    },
}
