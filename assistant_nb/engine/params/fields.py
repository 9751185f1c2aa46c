"""What the fields of requests may hold, as far as objects repeat them as they came."""

from typing import Any, Literal, NotRequired, TypedDict


class TextFormat(TypedDict):
    type: Literal["text"]


class JsonObjectFormat(TypedDict):
    type: Literal["json_object"]


class JsonSchema(TypedDict):
    name: str
    description: NotRequired[str]
    schema: NotRequired[dict[str, Any]]
    strict: NotRequired[bool]


class JsonSchemaFormat(TypedDict):
    type: Literal["json_schema"]
    json_schema: JsonSchema


ResponseFormat = Literal["auto"] | TextFormat | JsonObjectFormat | JsonSchemaFormat


class ChosenFunction(TypedDict):
    name: str


class ChosenFunctionTool(TypedDict):
    type: Literal["function"]
    function: ChosenFunction


class ChosenTool(TypedDict):
    type: Literal["code_interpreter", "file_search"]


ToolChoice = Literal["none", "auto", "required"] | ChosenFunctionTool | ChosenTool
