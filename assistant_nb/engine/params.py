"""Request bodies and queries: what is allowed in them, and the API's words when it is not.

One pydantic model per body. `check` returns plain data without explicit nulls, or raises BadRequest
for the first fault found.
"""

from typing import Annotated, Any, Final, Literal

from annotated_types import MaxLen, MinLen
from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, ValidationError, model_validator

from .errors import BadRequest
from .wire import Json

_MARK: Final = "‹"
"""Begins the tags of unions, so that they can be told from field names in an error's path."""


def check(model: type[BaseModel], given: Any) -> Json:
    """`given` as valid plain data. Raises BadRequest in the API's words."""
    try:
        return model.model_validate(given).model_dump(exclude_unset=True, by_alias=True)
    except ValidationError as error:
        raise _refusal(error) from None


# Building blocks

Metadata = Annotated[
    dict[Annotated[str, Field(max_length=64)], Annotated[str, Field(max_length=512)]], Field(max_length=16)
]
Text = Annotated[str, Field(max_length=256_000)]
"""A limit also makes pydantic refuse what is no Unicode, which no store could keep."""
ModelName = Annotated[str, Field(min_length=1)]
Temperature = Annotated[float, Field(ge=0, le=2)]
TopP = Annotated[float, Field(ge=0, le=1)]
ReasoningEffort = Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"]
Identifier = Annotated[str, Field(pattern=r"^[a-zA-Z0-9_-]{1,64}$")]


class Body(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def nulls_are_left_out(cls, given: Any) -> Any:
        """Clients send null for what they mean to leave out, at any depth."""
        return {key: value for key, value in given.items() if value is not None} if isinstance(given, dict) else given


def _by_type(value: Any) -> str | None:
    """Choose a union's member by the `type` key; a bare string is the member tagged "word"."""
    if isinstance(value, str):
        return _MARK + "word"
    kind = value.get("type") if isinstance(value, dict) else getattr(value, "type", None)
    return f"{_MARK}{kind}" if kind is not None else None


class CodeInterpreterTool(Body):
    type: Literal["code_interpreter"]


class RankingOptions(Body):
    ranker: Literal["auto", "default_2024_08_21"] | None = None
    score_threshold: Annotated[float, Field(ge=0, le=1)]
    hybrid_search: dict[str, Any] | None = (
        None  # not in the description, but in each answer, and so in what is sent back
    )


class FileSearchSettings(Body):
    max_num_results: Annotated[int, Field(ge=1, le=50)] | None = None
    ranking_options: RankingOptions | None = None


class FileSearchTool(Body):
    type: Literal["file_search"]
    file_search: FileSearchSettings | None = None


class Function(Body):
    name: Identifier
    description: Text | None = None
    parameters: dict[str, Any] | None = None
    strict: bool | None = None


class FunctionTool(Body):
    type: Literal["function"]
    function: Function


Tool = Annotated[
    Annotated[CodeInterpreterTool, Tag(_MARK + "code_interpreter")]
    | Annotated[FileSearchTool, Tag(_MARK + "file_search")]
    | Annotated[FunctionTool, Tag(_MARK + "function")],
    Discriminator(_by_type),
]


class JsonSchema(Body):
    name: Identifier
    description: Text | None = None
    schema_: Annotated[dict[str, Any] | None, Field(alias="schema")] = None
    strict: bool | None = None


class TextFormat(Body):
    type: Literal["text"]


class JsonObjectFormat(Body):
    type: Literal["json_object"]


class JsonSchemaFormat(Body):
    type: Literal["json_schema"]
    json_schema: JsonSchema


ResponseFormat = Annotated[
    Annotated[Literal["auto"], Tag(_MARK + "word")]
    | Annotated[TextFormat, Tag(_MARK + "text")]
    | Annotated[JsonObjectFormat, Tag(_MARK + "json_object")]
    | Annotated[JsonSchemaFormat, Tag(_MARK + "json_schema")],
    Discriminator(_by_type),
]


class ChosenFunction(Body):
    name: Text


class ChosenFunctionTool(Body):
    type: Literal["function"]
    function: ChosenFunction


class ChosenTool(Body):
    type: Literal["code_interpreter", "file_search"]


ToolChoice = Annotated[
    Annotated[Literal["none", "auto", "required"], Tag(_MARK + "word")]
    | Annotated[ChosenFunctionTool, Tag(_MARK + "function")]
    | Annotated[ChosenTool, Tag(_MARK + "code_interpreter")]
    | Annotated[ChosenTool, Tag(_MARK + "file_search")],
    Discriminator(_by_type),
]


class TruncationStrategy(Body):
    type: Literal["auto", "last_messages"]
    last_messages: Annotated[int, Field(ge=1)] | None = None


class CodeInterpreterResources(Body):
    file_ids: Annotated[list[Text], Field(max_length=20)] | None = None


class FileSearchResources(Body):
    vector_store_ids: Annotated[list[Text], Field(max_length=1)] | None = None


class ToolResources(Body):
    code_interpreter: CodeInterpreterResources | None = None
    file_search: FileSearchResources | None = None


class TextPart(Body):
    type: Literal["text"]
    text: Text


class ImageUrl(Body):
    url: Text
    detail: Literal["auto", "low", "high"] | None = None


class ImageUrlPart(Body):
    type: Literal["image_url"]
    image_url: ImageUrl


class ImageFile(Body):
    file_id: Text
    detail: Literal["auto", "low", "high"] | None = None


class ImageFilePart(Body):
    type: Literal["image_file"]
    image_file: ImageFile


Part = Annotated[
    Annotated[TextPart, Tag(_MARK + "text")]
    | Annotated[ImageUrlPart, Tag(_MARK + "image_url")]
    | Annotated[ImageFilePart, Tag(_MARK + "image_file")],
    Discriminator(_by_type),
]


def _text_or_parts(value: Any) -> str:
    return _MARK + ("parts" if isinstance(value, list) else "text")


Content = Annotated[
    Annotated[str, MaxLen(256_000), Tag(_MARK + "text")] | Annotated[list[Part], MinLen(1), Tag(_MARK + "parts")],
    Discriminator(_text_or_parts),
]


class Attachment(Body):
    file_id: Text
    tools: list[Tool] | None = None


# Bodies


class AssistantBody(Body):
    """What creating and modifying an assistant have in common."""

    name: Annotated[str, Field(max_length=256)] | None = None
    description: Annotated[str, Field(max_length=512)] | None = None
    instructions: Text | None = None
    tools: Annotated[list[Tool], Field(max_length=128)] | None = None
    tool_resources: ToolResources | None = None
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
    tool_resources: ToolResources | None = None


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


# Queries: strings, so not strict; what is unknown in them is passed over, as the API did


class ListQuery(BaseModel):
    limit: Annotated[int, Field(ge=1, le=100)] = 20
    order: Literal["asc", "desc"] = "desc"
    after: str | None = None
    before: str | None = None


class ListMessagesQuery(ListQuery):
    run_id: str | None = None


# Words

_EXPECTED: Final = {
    "string_type": "a string",
    "int_type": "an integer",
    "int_parsing": "an integer",
    "int_from_float": "an integer",
    "float_type": "a number",
    "bool_type": "a boolean",
    "list_type": "an array",
    "dict_type": "an object",
    "model_type": "an object",
    "model_attributes_type": "an object",
}


def _refusal(error: ValidationError) -> BadRequest:
    """The first fault of a body as the API would put it."""
    first = error.errors(include_url=False)[0]
    kind, given, context = first["type"], first["input"], first.get("ctx", {})
    path = _path(first["loc"])
    if word := _EXPECTED.get(kind):
        return _bad_type(given, word, path)
    match kind:
        case "missing":
            return BadRequest(f"Missing required parameter: '{path}'.", param=path, code="missing_required_parameter")
        case "extra_forbidden":
            return BadRequest(f"Unknown parameter: '{path}'.", param=path, code="unknown_parameter")
        case "literal_error":
            return _bad_value(given, context["expected"].replace(" or ", ", ").replace("'", "").split(", "), path)
        case "union_tag_not_found" if isinstance(given, dict):
            path = f"{path}.type"
            return BadRequest(f"Missing required parameter: '{path}'.", param=path, code="missing_required_parameter")
        case "union_tag_invalid" if isinstance(given, dict):
            known = [tag.strip("'").removeprefix(_MARK) for tag in context["expected_tags"].split(", ")]
            return _bad_value(given["type"], [tag for tag in known if tag != "word"], f"{path}.type")
        case "union_tag_not_found" | "union_tag_invalid":
            return _bad_type(given, "an object", path)
        case "string_pattern_mismatch":
            return BadRequest(
                f"Invalid '{path}': string does not match pattern. Expected a string that matches the pattern"
                f" '{context['pattern']}'.",
                param=path,
                code="invalid_value",
            )
        case "string_unicode":
            return BadRequest(f"Invalid '{path}': the string is not valid Unicode.", param=path, code="invalid_value")
        case "greater_than_equal":
            return _out_of_range(path, given, "below minimum", f">= {context['ge']:g}", "below_min")
        case "less_than_equal":
            return _out_of_range(path, given, "above maximum", f"<= {context['le']:g}", "above_max")
        case "string_too_short" | "string_too_long" | "too_short" | "too_long":
            return _wrong_length(path, kind, given, context)
        case _:
            return BadRequest(f"Invalid '{path}': {first['msg']}.", param=path, code="invalid_value")


def _bad_type(given: Any, expected: str, path: str) -> BadRequest:
    where = f" for '{path}'" if path else ""
    return BadRequest(
        f"Invalid type{where}: expected {expected}, but got {_article(given)} instead.",
        param=path or None,
        code="invalid_type",
    )


def _bad_value(given: Any, supported: list[str], path: str) -> BadRequest:
    *most, last = (f"'{value}'" for value in supported)
    known = f"{', '.join(most)}{',' if len(most) > 1 else ''} and {last}" if most else last
    return BadRequest(f"Invalid value: '{given}'. Supported values are: {known}.", param=path, code="invalid_value")


def _out_of_range(path: str, given: Any, which: str, bound: str, code: str) -> BadRequest:
    number = "integer" if isinstance(given, int | str) else "decimal"
    return BadRequest(
        f"Invalid '{path}': {number} {which} value. Expected a value {bound}, but got {given} instead.",
        param=path,
        code=f"{number}_{code}_value",
    )


def _wrong_length(path: str, kind: str, given: Any, context: Json) -> BadRequest:
    if given == "":
        return BadRequest(
            f"Invalid '{path}': empty string. Expected a string with minimum length {context['min_length']},"
            " but got an empty string instead.",
            param=path,
            code="empty_string",
        )
    if kind.endswith("short"):
        too, most, limit = "too short", "minimum", context["min_length"]
    else:
        too, most, limit = "too long", "maximum", context["max_length"]
    thing = "string" if isinstance(given, str) else "array"
    if isinstance(given, dict):
        return BadRequest(
            f"Invalid '{path}': too many properties. Expected an object with at most {limit} properties,"
            f" but got an object with {len(given)} properties instead.",
            param=path,
            code="object_above_max_properties",
        )
    return BadRequest(
        f"Invalid '{path}': {thing} {too}. Expected {'a' if thing == 'string' else 'an'} {thing} with {most}"
        f" length {limit}, but got {'a' if thing == 'string' else 'an'} {thing} with length {len(given)} instead.",
        param=path,
        code=f"{thing}_{'below_min' if most == 'minimum' else 'above_max'}_length",
    )


def _path(loc: tuple[int | str, ...]) -> str:
    """`("tools", 0, "\\0function", "function", "name")` -> "tools[0].function.name"."""
    path = ""
    for step in loc:
        if isinstance(step, int):
            path += f"[{step}]"
        elif not step.startswith(_MARK) and step != "[key]":
            path += f".{step}" if path else step
    return path


def _article(value: Any) -> str:
    """A value's JSON type with its article: "a boolean"."""
    match value:
        case None:
            return "null"
        case bool():
            return "a boolean"
        case int():
            return "an integer"
        case float():
            return "a decimal"
        case str():
            return "a string"
        case list():
            return "an array"
        case _:
            return "an object"
