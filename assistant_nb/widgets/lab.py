"""`/v1/lab`, through the SDK's `get` and `post`: what our engine can do with a run and no other server can."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from openai import OpenAI

    from ..shapes import (
        Breakpoint,
        Edit,
        JournalEntry,
        LabFork,
        LabRun,
        LabSeat,
        LabView,
        Run,
        Said,
        SaidCall,
        Thread,
        To,
    )

FAULTS: Final = {
    "rate_limit": "its rate limit is reached",
    "server_error": "its server has an error",
    "slow": "it comes a second late",
    "cut_off": "it is cut off",
    "malformed_arguments": "its arguments are malformed",
}
"""The faults of the engine, in words: what can go wrong with the model's next answer."""
ELSEWHERE: Final = (
    "This server keeps no journal of its runs, which RunStepper shows: use a client of our engine, "
    'or read the thread by anb.ThreadView(client, "{thread_id}").'
)
RESPONSES_ELSEWHERE: Final = (
    "This server keeps no journal of its responses, which RunStepper shows: use a client of our engine."
)


class Lab:
    """The requests of README's table "Beyond the hosted API". Raises what the SDK raises."""

    def __init__(self, client: "OpenAI") -> None:
        self._client = client

    def moves(self) -> dict[str, dict[str, str]] | None:
        """Return the legal moves of a run with their reasons; None if the server is not our engine."""
        import openai

        try:
            found: Any = self._client.get("/lab", cast_to=object)
        except (openai.NotFoundError, openai.BadRequestError, openai.PermissionDeniedError):
            return None
        return dict(found["moves"]) if isinstance(found, dict) and found.get("object") == "lab" else None

    def create(self, thread_id: str, parameters: "Mapping[str, object]", breakpoints: "list[Breakpoint]") -> "Run":
        """Create a run that is held from the start."""
        made: Run = self._post(f"threads/{thread_id}/runs", {**parameters, "breakpoints": breakpoints})
        return made

    def create_response(self, parameters: "Mapping[str, object]", breakpoints: "list[Breakpoint]") -> str:
        """Create a response that is held from the start; return its id."""
        return str(self._post("responses", {**parameters, "breakpoints": breakpoints})["id"])

    def position(self, run_id: str) -> "LabRun":
        found: LabRun = self._get(f"runs/{run_id}")
        return found

    def hold(self, run_id: str, breakpoints: "list[Breakpoint]") -> "LabRun":
        return self._moved(run_id, "hold", {"breakpoints": breakpoints})

    def release(self, run_id: str) -> "LabRun":
        return self._moved(run_id, "release", {})

    def advance(self, run_id: str, to: "To") -> "LabRun":
        return self._moved(run_id, "advance", {"to": to})

    def seek(self, run_id: str, to: "To", after: int, breakpoints: "list[Breakpoint]") -> int:
        """Return the entry where a move from entry `after` stops in the journal as it is."""
        return int(self._post(f"runs/{run_id}/seek", {"to": to, "after": after, "breakpoints": breakpoints})["n"])

    def journal(self, run_id: str, after: int) -> "list[JournalEntry]":
        """Return the entries after entry `after`; all of them for -1."""
        query = f"?after={after}" if after >= 0 else ""
        return list(self._get(f"runs/{run_id}/journal{query}")["data"])

    def view(self, run_id: str, n: int) -> "LabView":
        """Return run, steps and messages as they were when entry `n` was the latest."""
        found: LabView = self._get(f"runs/{run_id}/at/{n}")
        return found

    def fork(self, run_id: str, at: int, edit: "Edit") -> "LabRun":
        return self._moved(run_id, "fork", {"at": at, **({"edit": edit} if edit else {})})

    def forks(self, run_id: str) -> "list[LabFork]":
        return list(self._get(f"runs/{run_id}/forks")["data"])

    def seats(self, thread_id: str) -> "list[LabSeat]":
        """Return the runs of a thread that wait for a person in the model's place; none on another server."""
        import openai

        try:
            found: list[LabSeat] = self._get("seats")["data"]
        except (openai.NotFoundError, openai.BadRequestError, openai.PermissionDeniedError):
            return []
        return [seat for seat in found if seat["thread_id"] == thread_id]

    def answer(self, run_id: str, text: str, tool_calls: "Sequence[SaidCall]") -> list[str]:
        """Answer in the model's place. Return remarks: what a good model would do differently."""
        said: Said = {"text": text} if text else {}
        if tool_calls:
            said["tool_calls"] = list(tool_calls)
        return list(self._post(f"seats/{run_id}", said)["remarks"])

    def copy(self, thread_id: str) -> str:
        """Copy a thread; return the copy's id."""
        made: Thread = self._post(f"threads/{thread_id}/copy", {})
        return made["id"]

    def clock(self, advance_s: int) -> None:
        """Let time pass for everything in the engine."""
        self._post("clock", {"advance_s": advance_s})

    def fault(self, kind: str) -> None:
        """Let the next call of the model go wrong."""
        self._post("faults", {"kind": kind})

    def _moved(self, run_id: str, how: str, body: object) -> "LabRun":
        position: LabRun = self._post(f"runs/{run_id}/{how}", body)
        return position

    def _get(self, path: str) -> Any:
        return self._client.get(f"/lab/{path}", cast_to=object)

    def _post(self, path: str, body: object) -> Any:
        return self._client.post(f"/lab/{path}", cast_to=object, body=body)
