"""Python functions as tools: their definitions for an assistant, and their outputs for a run that waits for them.

def get_weather(city: str, unit: Literal["C", "F"] = "C") -> str:
    "The weather in a city."

assistant = client.beta.assistants.create(model="gpt-4o", tools=[function_tool(get_weather)])
…
outputs = tool_outputs(run, get_weather)
run = client.beta.threads.runs.submit_tool_outputs_and_poll(run_id=run.id, thread_id=…, tool_outputs=outputs)
"""

import inspect
import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated, Any, get_args, get_origin, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, PydanticUserError, ValidationError, create_model

if TYPE_CHECKING:
    from openai.types.beta import FunctionToolParam
    from openai.types.beta.threads import Run
    from openai.types.beta.threads.run_submit_tool_outputs_params import ToolOutput
    from openai.types.shared_params import FunctionDefinition

Function = Callable[..., Any]


def function_tool(function: Function) -> "FunctionToolParam":
    """Return the definition of a function for `tools=[…]`.

    The name is the function's own. The description is the first paragraph of its docstring. The parameters come from
    its annotations; `Annotated[str, "what it means"]` describes one. Raises TypeError for a parameter without
    annotation, for `*args` and `**kwargs`, for types that JSON does not have, and for an object that is no function.
    """
    try:
        schema = _arguments(function).model_json_schema()
    except PydanticUserError as error:
        raise TypeError(f"{function.__name__} has a parameter that JSON has no word for: {error.message}") from None
    schema.pop("title", None)
    for parameter in schema.get("properties", {}).values():
        parameter.pop("title", None)
    definition: FunctionDefinition = {
        "name": function.__name__,
        "parameters": {"type": "object", "properties": {}, **schema},
    }
    if description := inspect.cleandoc(function.__doc__ or "").partition("\n\n")[0].replace("\n", " "):
        definition["description"] = description
    return {"type": "function", "function": definition}


def tool_outputs(run: "Run", *functions: Function) -> "list[ToolOutput]":
    """Call the functions that a run asks for. Returns one output for each call, ready for `submit_tool_outputs`.

    A text is passed on as it is, everything else as JSON. An error becomes the output, beginning with "Error: ", so
    that the model can read it and the run goes on. Raises ValueError for a run that waits for no outputs.
    """
    if run.required_action is None:
        raise ValueError(f"Run {run.id} waits for no function: it is '{run.status}', not 'requires_action'.")
    given: tuple[Any, ...] = functions
    for one in given:
        if isinstance(one, list | tuple):
            names = ", ".join(map(_name, one))
            raise TypeError(f"Give the functions one by one, not in a {type(one).__name__}: tool_outputs(run, {names})")
    by_name = {_name(function): function for function in functions}
    calls = run.required_action.submit_tool_outputs.tool_calls
    return [
        {"tool_call_id": call.id, "output": _called(by_name, call.function.name, call.function.arguments)}
        for call in calls
    ]


def output_of(name: str, arguments: str, functions: Sequence[Function]) -> str:
    """Call the function of this name; return its output, or what went wrong, as the model reads it."""
    return _called({_name(function): function for function in functions}, name, arguments)


def _called(functions: dict[str, Function], name: str, arguments: str) -> str:
    if name not in functions:
        return f"Error: there is no function '{name}'. There are: {', '.join(sorted(functions)) or 'none'}."
    function = functions[name]
    try:
        given = _arguments(function).model_validate_json(arguments or "{}")
        result = function(**{field: getattr(given, field) for field in given.model_fields_set})
        text = result if isinstance(result, str) else json.dumps(result, ensure_ascii=False, default=str)
        return text.encode(errors="replace").decode()  # half a character cannot be sent
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"])) or "the arguments"
        return f"Error: {name} was not called: {place}: {first['msg']}."
    except Exception as error:  # noqa: BLE001  the learner's own code may raise anything, and the model reads it
        return f"Error: {type(error).__name__}: {error}"


def _arguments(function: Function) -> type[BaseModel]:
    """Return a pydantic model of a function's parameters."""
    name = _name(function)
    if inspect.iscoroutinefunction(function):
        raise TypeError(f"{name} is asynchronous. Give a plain function that calls asyncio.run({name}(…)).")
    hints, fields = get_type_hints(function, include_extras=True), dict[str, Any]()
    for field, parameter in inspect.signature(function).parameters.items():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD, parameter.POSITIONAL_ONLY):
            raise TypeError(f"{name}({parameter}): a model names each argument. Use plain parameters.")
        if field not in hints:
            raise TypeError(f"{name}({field}) has no annotation. Write, for example, {field}: str.")
        if field.startswith("_") and parameter.default is parameter.empty:
            raise TypeError(
                f"{name}({parameter}): a model is told of no parameter that begins with _. Give it another name."
            )
        default = ... if parameter.default is parameter.empty else parameter.default
        fields[field] = (_described(hints[field]), default)
    return create_model(name, __config__=ConfigDict(extra="forbid"), **fields)


def _name(function: Function) -> str:
    if not isinstance(name := getattr(function, "__name__", None), str):
        raise TypeError(f"{function!r} has no name for a model to call it by. Write a function (def …) around it.")
    return name


def _described(hint: object) -> object:
    """Return `Annotated[str, "the city"]` as pydantic writes it."""
    if get_origin(hint) is not Annotated:
        return hint
    kind, *notes = get_args(hint)
    notes = [Field(description=note) if isinstance(note, str) else note for note in notes]
    return Annotated[kind, *notes]
