"""The choices of `start`, `connect` and `serve`: checking them, and building the engine that they describe."""

import difflib
import math
import os
import secrets
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, Literal, TypedDict, Unpack, cast

from .engine.app import App, create_app
from .engine.ids import Clock, SystemClock
from .engine.model.base import Model
from .engine.model.budget import Budget
from .engine.model.fallback import STALL_S as FALLBACK_STALL_S
from .engine.model.fallback import Fallback, check_stall
from .engine.model.human import Human
from .engine.model.live import RETRIES, STALL_S, Live
from .engine.model.practice import Practice
from .engine.model.recorded import Recorded, find
from .engine.model.recorder import Recorder
from .engine.model.rehearsed import Rehearsed
from .engine.runs.runner import Polls
from .sandbox.limits import Limits

PathLike = str | os.PathLike[str]

MEMORY: Final = Path(":memory:")
_QUESTION: Final = "A model wrote this code, and nothing on this machine contains it. Run it, once? [y/N] "
_NAMED: Final = ("recorded", "practice", "human")


class Given(TypedDict, total=False):
    """The choices as a caller gives them. None means left out."""

    model: str | Model
    recording: PathLike | None
    pace: float
    base_url: str | None
    api_key: str | None
    record: PathLike | None
    fallback: Literal["recorded", "practice"] | None
    stall_s: float | None
    cap_tokens: int | None
    store: PathLike | None
    ids: Literal["lesson"] | None
    limits: Limits | None
    polls: Polls | None


class _World(TypedDict, total=False):
    """Ids, times and store of an engine. Left out: those of the lessons, in memory."""

    seed: str
    clock: Clock
    store: str | Path


@dataclass(frozen=True)
class Choices:
    """Choices that fit together. Equal choices mean the same answers. The `repr` holds no key.

    A store, limits and polls that were left out are None: those of the engine that is there, else the default.
    """

    model: str | Model
    """Who answers. With a `base_url`, the name of a model there; empty for the one that each run names."""
    recordings: tuple[Path, ...]
    pace: float
    base_url: str | None = field(repr=False)
    api_key: str | None = field(repr=False)
    record: Path | None
    fallback: Literal["recorded", "practice"] | None
    stall_s: float | None
    """How long an endpoint may be silent. None: the default."""
    budget: Budget
    store: Path | None
    ids: Literal["lesson"] | None
    """The ids and times of the lessons. None: those of the engine that is there, else the default of `build`."""
    limits: Limits | None
    polls: Polls | None
    way_on: str = ""
    """The line that a learner can paste where an answer is missing."""

    @classmethod
    def of(cls, key: str | None = None, **given: Unpack[Given]) -> "Choices":
        """Check choices. `key` is for the endpoint when no `api_key` is given.

        Raises TypeError for an unknown choice, ValueError for choices that do not fit, RecordingError for a recording
        that is not there.
        """
        made = cast(Given, {name: value for name, value in given.items() if value is not None or name == "model"})
        _check_names(made)
        _check_together(made)
        pace, store, recording = made.get("pace", 0), made.get("store"), made.get("recording")
        if not (isinstance(pace, int | float) and 0 <= pace < math.inf):
            raise ValueError(f"pace={pace!r} is no pace. Use 0 for at once, 1 for as recorded, 2 for half as fast.")
        live = "base_url" in made
        return cls(
            model=made.get("model", "" if live else "recorded"),
            recordings=(find(recording),) if recording else (),
            pace=pace,
            base_url=made.get("base_url"),
            api_key=made.get("api_key", key) if live else None,
            record=Path(record).resolve() if (record := made.get("record")) is not None else None,
            fallback=made.get("fallback"),
            stall_s=made.get("stall_s"),
            budget=Budget(made.get("cap_tokens")),
            store=store if store is None else MEMORY if str(store) == ":memory:" else Path(store).resolve(),
            ids=made.get("ids"),
            limits=made.get("limits"),
            polls=made.get("polls"),
        )

    def within(self, engine: "Choices") -> "Choices":
        """Return these choices for an engine with others: what is left out of its world stays."""
        left = ("store", "ids", "limits", "polls")
        return replace(self, **{name: getattr(self, name) or getattr(engine, name) for name in left})

    @property
    def as_in_lessons(self) -> bool:
        """True for an engine with the ids and times of the lessons.

        A store in a file has real time, whoever answers. Its time must not run backwards when the model changes.
        """
        return self.store in (None, MEMORY) and (self.model == "recorded" or self.ids is not None)

    @property
    def kept(self) -> str:
        return "kept in memory" if self.store in (None, MEMORY) else f"kept in {self.store.name}"

    def build(self) -> App:
        """Build the engine. Recorded answers in memory get the ids and times of the lessons; others on request.

        Raises RecordingError, StoreError, and ValueError for a base_url that is none.
        """
        world: _World = {}
        if not self.as_in_lessons:
            world = {"seed": secrets.token_hex(8), "clock": SystemClock(), "store": self.store or ":memory:"}
        model = self._model()
        polls = self.polls or "watch"
        app = create_app(model=model, limits=self.limits, polls=polls, may_run=_ask_person, **world)
        self._offer(model, app)
        return app

    def apply(self, app: App) -> None:
        """Let others answer in an engine that is there. Its objects, ids and clock stay.

        Raises RecordingError, and ValueError for a base_url that is none. Then nothing has changed.
        """
        app.runner.change_model(model := self._model())
        app.code.limits, app.runner.polls = self.limits or app.code.limits, self.polls or app.runner.polls
        self._offer(model, app)

    def _model(self) -> Model:
        return self._kept_and_backed(self._endpoint() if self.base_url is not None else self._in_process())

    def _offer(self, model: Model, app: App) -> None:
        """Say whom a request may put in the model's place: the recordings, rules, a person, the endpoint named here."""
        others: dict[str, Callable[[], Model]] = {"recorded": self._recorded, "practice": Practice, "human": Human}
        newest = {"recorded": self._recorded} if self.fallback == "recorded" else {}
        own = {self.model if self.base_url is None else "live": lambda: model} if isinstance(self.model, str) else {}
        app.runner.others = {**others, **app.runner.others, **newest, **own}

    def _recorded(self) -> Recorded:
        return Recorded(*self.recordings, pace=self.pace, way_on=self.way_on)

    def _kept_and_backed(self, model: Model) -> Model:
        if self.record:
            model = Recorder(model, self.record)
        if self.fallback is None:
            return model
        stall_s = (self.stall_s or FALLBACK_STALL_S) if self.base_url is not None else None
        if self.fallback == "practice":
            return Fallback(model, Practice(), stall_s)
        return Fallback(model, Rehearsed(*self.recordings, pace=self.pace, way_on=self.way_on), stall_s)

    def _endpoint(self) -> Live:
        return Live(
            str(self.base_url),
            str(self.model) or None,
            self.api_key,
            budget=self.budget,
            stall_s=self.stall_s or STALL_S,
            retries=0 if self.fallback else RETRIES,  # a stage does not wait, and the class hears the true cause
        )

    def _in_process(self) -> Model:
        match self.model:
            case "recorded":
                return self._recorded()
            case "practice":
                return Practice()
            case "human":
                return Human()
            case other:
                assert isinstance(other, Model)
                return other


def _check_names(given: Iterable[str]) -> None:
    known = list(Given.__annotations__)
    for name in given:
        if name not in known:
            near = "".join(f" Do you mean '{one}'?" for one in difflib.get_close_matches(name, known, 1))
            raise TypeError(f"'{name}' is no choice.{near} There are: {', '.join(known)}.")


def _check_together(given: Given) -> None:
    model, live = given.get("model", "recorded"), "base_url" in given
    if live and given.get("model") is not None and (not isinstance(model, str) or model in _NAMED):
        raise ValueError(f"model={model!r} answers by itself. With base_url=… give the name of a model there.")
    if not live and model not in _NAMED and (isinstance(model, type) or not isinstance(model, Model)):
        raise ValueError(
            f"model={model!r} cannot answer. Use 'recorded', 'practice', 'human', or an object such as Scripted('…');"
            " the name of a model goes with base_url=…, where it is to be found."
        )
    for name, one, other in (("fallback", "recorded", "practice"), ("polls", "watch", "step")):
        if (value := {**given}.get(name, one)) not in (one, other):
            raise ValueError(f"{name}={value!r} is no choice. Use {name}={one!r} or {name}={other!r}.")
    if given.get("ids", "lesson") != "lesson":
        raise ValueError(f"ids={given['ids']!r} is no choice. Use ids='lesson', or leave it out.")
    check_stall(given.get("stall_s", STALL_S))
    for name, advice in _misfits(
        given, live=live, replays=given.get("fallback") == "recorded" or (model == "recorded" and not live)
    ):
        raise ValueError(f"{name}=… {advice}.")


def _misfits(given: Given, *, live: bool, replays: bool) -> Iterator[tuple[str, str]]:
    """Yield choices that need another choice, each with advice."""
    person = given.get("model") == "human"
    fails = live or (given.get("fallback") == "practice" and given.get("model") not in ("practice", "human"))
    for names, fits, advice in (
        (("recording", "pace"), replays, "goes with recorded answers: model='recorded' or fallback='recorded'"),
        (
            ("record",),
            live or person,
            "keeps what others answer: it goes with base_url=… or with model='human'",
        ),
        (("fallback",), fails, "goes with base_url=…; fallback='practice' goes with recorded answers, too"),
        (("api_key", "cap_tokens", "stall_s"), live, "goes with base_url=…"),
        (("ids",), str(given.get("store", MEMORY)) == str(MEMORY), "goes with a store in memory"),
    ):
        if not fits:
            yield from ((name, advice) for name in names if given.get(name))


def _ask_person(code: str) -> bool:
    """Ask a person here whether code may run uncontained. False if nobody can answer."""
    try:
        said = input(f"{code}\n\n{_QUESTION}")
    except (EOFError, OSError, RuntimeError):  # no person can be asked here
        return False
    return said.strip().lower() in ("y", "yes")
