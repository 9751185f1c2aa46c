"""Fill in a JSON schema from a question. `practice` makes its arguments so. Pure."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

Schema = Mapping[str, object]

_DEEPEST: Final = 8
_MOST: Final = 8
"""The most values that one question gives."""
_MOST_STEPS: Final = 1000
"""The most parts of one schema that are filled in: a schema may be endless."""
_NUMBERS: Final = {
    word: n for n, word in enumerate(("one", "two", "three", "four", "five", "six", "seven", "eight"), 1)
}
_NO: Final = frozenset({"no", "not", "false", "off", "without", "never"})
COMMON: Final = frozenset(
    re.findall(
        r"\w+",
        "a an and are at by can could do does for from get give has have hello help hey hi how i in is it make me my no"
        " of ok on one or please set show tell than thank thanks that the then there this to two use was what when"
        " where which who why will with would yes you your",
    )
)
"""Words that do not say what the question is about."""


def fillings(schema: object, said: "Said") -> list[object]:
    """Return one value, or more if the question names more: "Rome and Oslo" is `[{"city": "Rome"}, …]`."""
    first = Filling(schema, said)
    return [first.value, *(Filling(schema, said, n, first.taken).value for n in range(1, min(first.rounds, _MOST)))]


def words_of(name: str) -> set[str]:
    """`words_of("get_weather")` and `words_of("getWeather")` are `{"weather"}`."""
    return {word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+", name)} - COMMON


class Said:
    """A question, cut into what arguments are made of.

    `mark` goes before every text that is taken from it. `names` are words of functions' names, which are no arguments.
    """

    def __init__(self, text: str, mark: str = "", names: Iterable[str] = ()) -> None:
        self.text, self.mark, self._idle = text, mark, COMMON | set(names)

    @cached_property
    def words(self) -> set[str]:
        return {word.lower() for word in re.findall(r"[^\W_]+", self.text)}

    @cached_property
    def quoted(self) -> list[str]:
        found = re.findall(r'"([^"\n]+)"|“([^”\n]+)”|(?<!\w)\'([^\'\n]+)\'(?!\w)', self.text)
        return [next(filter(None, groups)) for groups in found]

    @cached_property
    def dates(self) -> list[str]:
        return re.findall(r"\b\d{4}-\d\d-\d\d\b", self.text)

    @cached_property
    def numbers(self) -> list[float]:
        bare = re.sub(r"\b\d{4}-\d\d-\d\d\b", " ", self.text)
        return [float(number) for number in re.findall(r"(?<![\w.])-?\d{1,15}(?:\.\d{1,15})?(?![\w])", bare)]

    @cached_property
    def texts(self) -> list[str]:
        """Quoted words; without any, words with a capital letter that are no common words."""
        found = re.findall(r"[^\W\d_a-z]\w*(?: [^\W\d_a-z]\w*)*", self.text)
        names = [" ".join(word for word in name.split() if word.lower() not in self._idle) for name in found]
        return self.quoted or [name for name in names if name and not name.islower()]

    def members(self, enum: Sequence[object]) -> list[object]:
        """Return the members of an enum that are in the question, in order: "multiple choice" is `MULTIPLE_CHOICE`."""
        words = {n: r"[\W_]".join(map(re.escape, re.split("[_ -]", str(one)))) for n, one in enumerate(enum)}
        places = {n: re.search(rf"(?<!\w){one}(?!\w)", self.text, re.IGNORECASE) for n, one in words.items()}
        return [enum[n] for _, n in sorted((place.start(), n) for n, place in places.items() if place)]

    def count(self, name: str) -> int | None:
        """Return how many things of this name the question asks for: "2 questions", "three hard questions"."""
        number = rf"\b(\d|{'|'.join(_NUMBERS)})(?:\s+\w+)?\s+(?:{'|'.join(words_of(name)) or '$'})\b"
        found = re.search(number, self.text, re.IGNORECASE)
        return found and (_NUMBERS.get(found[1].lower()) or int(found[1]))


@dataclass
class Filling:
    """A JSON schema, filled in from the question.

    `round` tells the calls of one function apart: of five names and a function that takes two (`per_round`), the
    second call gets the third and the fourth.
    """

    schema: object
    said: Said
    round: int = 0
    per_round: Counter[str] = field(default_factory=Counter)
    depth: int = 0
    steps: Iterator[int] = field(default_factory=lambda: iter(range(_MOST_STEPS)))

    def __post_init__(self) -> None:
        self.taken, self.missing = Counter[str](), False
        self._found, self._spent = dict[str, int](), set[str]()
        self.value = self._fill(self.schema, self.depth)

    @property
    def rounds(self) -> int:
        """How many times the question holds what one value takes. A list takes everything."""
        return (
            1 if self.taken["array"] else max([1, *(found // self.taken[kind] for kind, found in self._found.items())])
        )

    @property
    def complete(self) -> bool:
        """True if the question holds everything that is required, and at least one value."""
        return bool(self.taken) and not self.missing

    def _take(self, kind: str, found: Sequence[object], otherwise: object) -> object:
        """Return the next value of this kind."""
        n, self._found[kind] = self.taken[kind], len(found)
        self.taken[kind] += 1
        self.missing |= len(found) <= n
        return found[(self.round * self.per_round[kind] + n) % len(found)] if found else otherwise

    def _fill(self, schema: object, depth: int, name: str = "") -> object:
        schema = self._resolved(schema)
        if depth > _DEEPEST or next(self.steps, None) is None:
            return None
        if "const" in schema:
            return schema["const"]
        default = schema.get("default")
        if isinstance(enum := schema.get("enum"), list) and enum:
            named = self.said.members(enum)
            return self._take(f"enum {enum}", named, enum[0] if default is None else default)
        match _type(schema):
            case "object":
                return self._object(schema, depth)
            case "array":
                return self._array(schema, depth, name)
            case "integer" | "number" as kind:
                return _number(self._take("number", self.said.numbers, default or 0), schema, kind)
            case "boolean":
                return default if default is not None and not self.said.words & _NO else not self.said.words & _NO
            case "null":
                return None
            case _ if schema.get("format") in ("date", "date-time"):
                date = self._take("date", self.said.dates, default or "2026-01-01")
                return f"{date}T00:00:00Z" if schema["format"] == "date-time" and "T" not in str(date) else date
            case _:
                texts = [text for text in self.said.texts if text.lower() not in self._spent]
                found = self._take("text", texts, default or self.said.text)
                return f"{self.said.mark}{found}"[: _whole(schema.get("maxLength"))]

    def _object(self, schema: Schema, depth: int) -> Schema:
        properties = _dict(schema.get("properties"))
        required = listed if isinstance(listed := schema.get("required"), list) else []
        members = {name: self._members(one) for name, one in properties.items()}
        self._spent |= {str(member).lower() for named in members.values() for member in named}
        named = {name for name in properties if members[name] or self.said.words & words_of(name)}
        return {
            name: self._fill(one, depth + 1, name)
            for name, one in properties.items()
            if name in named or name in required
        }

    def _members(self, schema: object) -> list[object]:
        enum = self._resolved(schema).get("enum")
        return self.said.members(enum) if isinstance(enum, list) else []

    def _array(self, schema: Schema, depth: int, name: str) -> list[object]:
        """Return as many items as the question asks for, else as many as it has."""
        items = {**_dict(schema.get("items")), "$defs": _dict(self.schema).get("$defs")}
        first = Filling(items, self.said, depth=depth + 1, steps=self.steps)
        self.taken["array"] += 1
        self.missing |= first.missing
        most, least = _whole(schema.get("maxItems")), _whole(schema.get("minItems"))
        wanted = self.said.count(name) or first.rounds
        count = max(min(wanted, _MOST if most is None else most), min(least or 0, _MOST))
        more = (Filling(items, self.said, n, first.taken, depth + 1, self.steps).value for n in range(1, count))
        return [first.value, *more][:count]

    def _resolved(self, schema: object) -> Schema:
        """Follow references, and take the first choice that is not null."""
        for _ in range(_DEEPEST):
            schema = _dict(schema)
            if isinstance(reference := schema.get("$ref"), str):
                schema = _dict(_dict(self.schema).get("$defs")).get(reference.rpartition("/")[2])
            elif isinstance(ways := schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf"), list):
                schema = next((way for way in ways if _dict(way).get("type") != "null"), {})
            else:
                break
        return _dict(schema)


def _dict(value: object) -> Schema:
    """Return an object as it is, and an empty one for everything else: a schema may be malformed."""
    return value if isinstance(value, dict) else {}


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and value >= 0 else None


def _type(schema: Schema) -> str:
    given = schema.get("type")
    kinds = given if isinstance(given, list) else [given]
    kind = next((kind for kind in kinds if kind != "null"), "null")
    return str(kind or ("object" if "properties" in schema else "string"))


def _number(value: object, schema: Schema, kind: str) -> object:
    if not isinstance(value, int | float):
        return value
    low, high = schema.get("minimum"), schema.get("maximum")
    value = max(value, low) if isinstance(low, int | float) else value
    value = min(value, high) if isinstance(high, int | float) else value
    return int(value) if kind == "integer" or value == int(value) else value
