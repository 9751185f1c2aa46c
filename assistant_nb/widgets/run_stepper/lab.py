"""`/v1/lab`, through the SDK's `get` and `post`: what our engine can do with a run and no other server can."""

from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from openai import OpenAI

Json = dict[str, Any]
To = Literal["transition", "step", "tool", "breakpoint", "end"]


class Lab:
    """The requests of README's table "Beyond the hosted API". Raises what the SDK raises."""

    def __init__(self, client: "OpenAI") -> None:
        self._client = client

    def about(self) -> Json | None:
        """The engine, with the table of a run's legal moves; None on a server that is not ours."""
        import openai

        try:
            found: Any = self._client.get("/lab", cast_to=object)
        except (openai.NotFoundError, openai.BadRequestError, openai.PermissionDeniedError):
            return None
        return found if isinstance(found, dict) and found.get("object") == "lab" else None

    def create(self, thread_id: str, body: Json) -> Json:
        """A run that is held from its start."""
        return self._post(f"threads/{thread_id}/runs", body)

    def position(self, run_id: str) -> Json:
        return self._get(f"runs/{run_id}")

    def hold(self, run_id: str, breakpoints: list[Json]) -> Json:
        return self._post(f"runs/{run_id}/hold", {"breakpoints": breakpoints})

    def release(self, run_id: str) -> Json:
        return self._post(f"runs/{run_id}/release", {})

    def advance(self, run_id: str, to: To) -> Json:
        return self._post(f"runs/{run_id}/advance", {"to": to})

    def seek(self, run_id: str, to: To, after: int, breakpoints: list[Json]) -> int:
        """The entry at which a move behind entry `after` stops among those that there are already."""
        return int(self._post(f"runs/{run_id}/seek", {"to": to, "after": after, "breakpoints": breakpoints})["n"])

    def journal(self, run_id: str, after: int) -> list[Json]:
        """The entries behind entry `after`; -1 for all."""
        query = f"?after={after}" if after >= 0 else ""
        return list(self._get(f"runs/{run_id}/journal{query}")["data"])

    def view(self, run_id: str, n: int) -> Json:
        """Run, steps and messages as they were when entry `n` was the latest."""
        return self._get(f"runs/{run_id}/at/{n}")

    def fork(self, run_id: str, at: int, edit: Json) -> Json:
        return self._post(f"runs/{run_id}/fork", {"at": at, **({"edit": edit} if edit else {})})

    def forks(self, run_id: str) -> list[Json]:
        return list(self._get(f"runs/{run_id}/forks")["data"])

    def answer(self, run_id: str, said: Json) -> Json:
        """Say it in the model's place."""
        return self._post(f"seats/{run_id}", said)

    def clock(self, advance_s: int) -> None:
        """Let time pass, for all that the engine holds."""
        self._post("clock", {"advance_s": advance_s})

    def fault(self, kind: str) -> None:
        """Let the next call of the model go wrong, whoever answers."""
        self._post("faults", {"kind": kind})

    def _get(self, path: str) -> Json:
        found: Any = self._client.get(f"/lab/{path}", cast_to=object)
        return dict(found)

    def _post(self, path: str, body: Json) -> Json:
        found: Any = self._client.post(f"/lab/{path}", cast_to=object, body=body)
        return dict(found)
