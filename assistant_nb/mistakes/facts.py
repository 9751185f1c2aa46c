"""What is known of an error, as plain values: all that the table of mistakes looks at."""

import difflib
import inspect
import json
import re
import sys
from collections.abc import Container, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Literal, NamedTuple

from .. import sdk
from .place import Place, arguments_of, base_of, steps, value_of

Tag = Literal["api", "hosted", "sdk", "json", "page", "ours"]
"""api: an error of the SDK, or of `said`. hosted: the request went to the hosted service. sdk: an object or a function
of the SDK is at fault. json: a text was used that holds a JSON object. page: the list of a page is at fault. ours: this
package has refused what it was given, in a sentence.
"""
_HOSTED: Final = "openai.com"
_PACKAGE: Final = "assistant_nb"
_STEPPER: Final = "RunStepper"
_CALL: Final = re.compile(r"^(\w+)\.(\w+)\(\) ")
_UNEXPECTED: Final = re.compile(r"got an unexpected keyword argument '(\w+)'")
_UNKNOWN: Final = re.compile(r"Unknown parameter: '(?:.*\.)?(\w+)'")


class Named(NamedTuple):
    """An object of the API that the learner has a name for."""

    name: str
    kind: str
    id: str
    status: str = ""
    """Of a run, as it was when the learner last asked for it; of a stepper, of the run that it shows."""
    thread_id: str = ""
    """Of a run, or a message."""


class Argument(NamedTuple):
    """An argument of the call that failed."""

    name: str | None
    begin: int
    """Where its value begins in `part`."""
    end: int
    id: str
    """The id that the value is, or that it has; else ""."""


@dataclass(frozen=True)
class Facts:
    kind: str
    """The name of the error's class."""
    sentence: str
    """What the API says; of another error, what Python says."""
    status: int | None = None
    param: str = ""
    tags: frozenset[Tag] = frozenset()
    line: str = ""
    """The learner's own line."""
    part: str = ""
    """The expression in it that failed."""
    base: str = ""
    """What that expression looks into."""
    arguments: tuple[Argument, ...] = ()
    named: tuple[Named, ...] = ()
    cell_names: Container[str] = ()
    """The names that a new cell could see."""
    parameters: tuple[str, ...] = ()
    """Those of the SDK's function that has refused its arguments."""
    misspelt: tuple[str, str] | None = None
    """A parameter or an attribute that there is not, and the one that may be meant, or ""."""


def of(error: BaseException, place: Place | None) -> Facts:
    """Collect what is known of an error."""
    line, part, base = (place.line, place.part, base_of(place.part)) if place else ("", "", "")
    sentence = sdk.words(error)
    parameters = _parameters(sentence, error.__traceback__) if isinstance(error, TypeError) else ()
    return Facts(
        kind=type(error).__name__,
        sentence=sentence,
        status=getattr(error, "status_code", None),
        param=sdk.param(error) or "",
        tags=frozenset(_tags(error, place, base)),
        line=line,
        part=part,
        base=base,
        arguments=tuple(_arguments(place)),
        named=tuple(_named(place)),
        cell_names=place.cell_names if place else (),
        parameters=parameters,
        misspelt=_misspelt_attribute(error) or _misspelt(sentence, parameters, error.__traceback__),
    )


def _tags(error: BaseException, place: Place | None, base: str) -> Iterator[Tag]:
    if sdk.is_known(error):
        yield "api"
        with suppress(RuntimeError):  # an error of the SDK may have no request
            if _HOSTED in str(getattr(getattr(error, "request", None), "url", "")):
                yield "hosted"
        return
    names = place.names if place else {}
    about = value_of(base, names)
    raiser = getattr(error, "obj", None) if isinstance(error, AttributeError) else about
    last = [*steps(error.__traceback__)][-1:]
    if _of_sdk(raiser) or any(_in("openai", at) for at in last):
        yield "sdk"
    if any(_in(_PACKAGE, at) for at in last) and str(error).endswith((".", "!", "?")):
        yield "ours"
    if place and place.raised_here:
        if isinstance(error, KeyError):
            about = error.args[0]
        if _holds_object(about) or base.endswith(".function.arguments"):
            yield "json"
        if isinstance(error, IndexError) and _is_page(base, names):
            yield "page"


def _is_page(base: str, names: Any) -> bool:
    """True for the `data` of a page of the SDK, also of one that has no name."""
    owner = base.removesuffix(".data")
    return owner != base and (_of_sdk(value_of(owner, names)) or ".list(" in owner)


def _of_sdk(thing: object) -> bool:
    return type(thing).__module__.partition(".")[0] == "openai"


def _in(package: str, at: TracebackType) -> bool:
    return str(at.tb_frame.f_globals.get("__name__")).partition(".")[0] == package


def _holds_object(text: object) -> bool:
    if isinstance(text, str) and text.lstrip().startswith("{"):
        with suppress(ValueError):
            return isinstance(json.loads(text), dict)
    return False


def _named(place: Place | None) -> Iterator[Named]:
    """Yield the learner's names for objects of the API, for steppers, and for this package, the latest last."""
    for name, value in (place.names if place else {}).items():
        if name.startswith("_"):
            continue
        if _of_sdk(value):
            held = vars(value)
            yield Named(
                name, type(value).__name__, _id(value), *(str(held.get(one) or "") for one in ("status", "thread_id"))
            )
        elif any(kind.__name__ == _STEPPER and _PACKAGE in kind.__module__ for kind in type(value).__mro__):
            run = vars(value).get("_current", "")
            branch = vars(value).get("_branches", {}).get(run)
            yield Named(name, _STEPPER, run, branch.status if branch else "")
        elif value is sys.modules.get(_PACKAGE):
            yield Named(name, "anb", "")


def _arguments(place: Place | None) -> Iterator[Argument]:
    for name, begin, end in arguments_of(place.part) if place else ():
        value = value_of(place.part[begin:end], place.names) if place else None
        yield Argument(name, begin, end, value if isinstance(value, str) else _id(value))


def _id(thing: object) -> str:
    """Return the id of an object of the SDK. Its attributes are read without any code of its class."""
    return str(getattr(thing, "__dict__", {}).get("id", "")) if _of_sdk(thing) else ""


def _parameters(sentence: str, traceback: TracebackType | None) -> tuple[str, ...]:
    """Return the parameters of the SDK's function that has refused its arguments, and says so in this sentence."""
    if found := _CALL.search(sentence):
        owner, method = found.groups()
        functions = [getattr(vars(one)[owner], method, None) for one in _modules("openai") if owner in vars(one)]
    else:
        at_work = [at.tb_frame for at in steps(traceback) if _in("openai", at)]
        functions = [frame.f_locals.get("func") for frame in at_work[-1:]]
    names = [inspect.signature(function).parameters for function in functions if callable(function)]
    return tuple(name for one in names[:1] for name in one if name != "self")


def _misspelt_attribute(error: BaseException) -> tuple[str, str] | None:
    """Return an attribute that an object of the SDK does not have, and the one nearest to it."""
    if not isinstance(error, AttributeError) or not _of_sdk(error.obj):
        return None
    names = {name for name in [*dir(type(error.obj)), *vars(error.obj)] if not name.startswith(("_", "with_"))}
    return str(error.name), _near(str(error.name), names)


def _misspelt(sentence: str, parameters: Iterable[str], traceback: TracebackType | None) -> tuple[str, str] | None:
    """Return a parameter that the SDK's function or the API does not have, and the one nearest to it."""
    if found := _UNEXPECTED.search(sentence):
        return (found[1], _near(found[1], parameters)) if parameters else None
    if found := _UNKNOWN.search(sentence):
        return found[1], _near(found[1], _parameters_of_api())
    if sentence.startswith("Missing required arguments"):
        given = [
            name for at in steps(traceback) if _in("openai", at) for name in at.tb_frame.f_locals.get("kwargs", ())
        ]
        return next(((word, _near(word, parameters)) for word in given if word not in parameters), None)
    return None


def _parameters_of_api() -> set[str]:
    """Return all parameters of the Assistants API that the SDK has types for."""
    kinds = (kind for module in _modules("openai.types") for kind in vars(module).values() if isinstance(kind, type))
    return {name for kind in kinds if kind.__name__.endswith("Params") for name in kind.__annotations__}


def _modules(prefix: str) -> list[Any]:
    return [module for name, module in list(sys.modules.items()) if f"{name}.".startswith(f"{prefix}.")]


def _near(word: str, names: Iterable[str]) -> str:
    return "".join(difflib.get_close_matches(word, names, 1))
