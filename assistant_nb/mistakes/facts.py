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

Tag = Literal["api", "hosted", "sdk", "json", "page"]
"""api: an error of the SDK, or of `said`. hosted: the request went to the hosted service. sdk: an object or a function
of the SDK is at fault. json: a text was used that holds a JSON object. page: the list of a page is at fault.
"""
_HOSTED: Final = "openai.com"
_UNEXPECTED: Final = re.compile(r"(\w+)\.(\w+)\(\) got an unexpected keyword argument '(\w+)'")
_UNKNOWN: Final = re.compile(r"Unknown parameter: '(?:.*\.)?(\w+)'")


class Named(NamedTuple):
    """An object of the API that the learner has a name for."""

    name: str
    kind: str
    id: str
    waits: bool = False
    """True for a run that waited for outputs when the learner last asked for it."""


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
    misspelt: tuple[str, str] | None = None
    """A parameter that there is not, and the one that may be meant, or ""."""


def of(error: BaseException, place: Place | None) -> Facts:
    """Collect what is known of an error."""
    line, part, base = (place.line, place.part, base_of(place.part)) if place else ("", "", "")
    sentence = sdk.words(error)
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
        misspelt=_misspelt(sentence, error.__traceback__),
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
    if _of_sdk(raiser) or any(_in_sdk(at.tb_frame.f_globals) for at in last):
        yield "sdk"
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


def _in_sdk(names: dict[str, Any]) -> bool:
    return str(names.get("__name__")).partition(".")[0] == "openai"


def _holds_object(text: object) -> bool:
    if isinstance(text, str) and text.lstrip().startswith("{"):
        with suppress(ValueError):
            return isinstance(json.loads(text), dict)
    return False


def _named(place: Place | None) -> Iterator[Named]:
    """Yield the learner's names for objects of the API, and for this package, the latest last."""
    for name, value in (place.names if place else {}).items():
        if name.startswith("_"):
            continue
        if _of_sdk(value):
            yield Named(name, type(value).__name__, _id(value), vars(value).get("status") == "requires_action")
        elif value is sys.modules.get("assistant_nb"):
            yield Named(name, "anb", "")


def _arguments(place: Place | None) -> Iterator[Argument]:
    for name, begin, end in arguments_of(place.part) if place else ():
        value = value_of(place.part[begin:end], place.names) if place else None
        yield Argument(name, begin, end, value if isinstance(value, str) else _id(value))


def _id(thing: object) -> str:
    """Return the id of an object of the SDK. Its attributes are read without any code of its class."""
    return str(getattr(thing, "__dict__", {}).get("id", "")) if _of_sdk(thing) else ""


def _misspelt(sentence: str, traceback: TracebackType | None) -> tuple[str, str] | None:
    """Return a parameter that the SDK's function or the API does not have, and the one nearest to it."""
    if found := _UNEXPECTED.search(sentence):
        owner, method, word = found.groups()
        functions = [
            getattr(vars(module)[owner], method, None) for module in _modules("openai") if owner in vars(module)
        ]
        names = {name for function in filter(callable, functions) for name in inspect.signature(function).parameters}
        return (word, _near(word, names)) if names else None
    if found := _UNKNOWN.search(sentence):
        return found[1], _near(found[1], _parameters())
    if sentence.startswith("Missing required arguments"):
        for at in steps(traceback):
            inner = at.tb_frame.f_locals
            if _in_sdk(at.tb_frame.f_globals) and callable(function := inner.get("func")):
                names = set(inspect.signature(function).parameters)
                return next(((word, _near(word, names)) for word in inner.get("kwargs", {}) if word not in names), None)
    return None


def _parameters() -> set[str]:
    """Return all parameters of the Assistants API that the SDK has types for."""
    kinds = (kind for module in _modules("openai.types") for kind in vars(module).values() if isinstance(kind, type))
    return {name for kind in kinds if kind.__name__.endswith("Params") for name in kind.__annotations__}


def _modules(prefix: str) -> list[Any]:
    return [module for name, module in list(sys.modules.items()) if f"{name}.".startswith(f"{prefix}.")]


def _near(word: str, names: Iterable[str]) -> str:
    return "".join(difflib.get_close_matches(word, names, 1))
