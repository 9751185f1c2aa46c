"""A model in another process. A lesson that is recorded asks the model, and never gets the endpoint's key.

`Relay` listens on loopback, and asks its model for each client that sends the right token. `Relayed` is the client. A
connection carries one question: a line with the token, a line with the prompt, then a line for each delta of the
answer, such as `["TextDelta", {"text": "Four."}]`, or `["ModelError", {…}]`.
"""

import json
import secrets
import socket
import threading
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from socketserver import StreamRequestHandler, ThreadingTCPServer
from typing import ClassVar, Final, Self

from ..errors import ModelError
from .base import Anew, Delta, Finish, Model, Prompt, TextDelta, ToolCallDelta

_HOST: Final = "127.0.0.1"
_PARTS: Final = {kind.__name__: kind for kind in (TextDelta, ToolCallDelta, Anew, Finish)}


@dataclass(frozen=True)
class Relayed:
    """Asks the model of the `Relay` at this port."""

    port: int
    token: str
    name: ClassVar[str] = "relayed"
    models: ClassVar[Sequence[str]] = ()

    def provenance(self) -> str:
        return "a model of another process"

    def ask(self, prompt: Prompt) -> Iterator[Delta]:
        try:
            with socket.create_connection((_HOST, self.port)) as line, line.makefile("rw", encoding="ascii") as talk:
                talk.write(f"{self.token}\n{json.dumps([prompt.as_json(), prompt.number])}\n")
                talk.flush()
                for told in talk:
                    kind, fields = json.loads(told)
                    if kind == "ModelError":
                        raise ModelError(**fields)
                    yield _PARTS[kind](**fields)
        except OSError as error:
            raise ModelError(f"The process with the model does not answer ({error}). Record again.") from error


class Relay(ThreadingTCPServer):
    """Answers with `model`. `failures` holds its errors, `under_way` the questions that are not answered yet.

    While `misses` is set, no question is answered, as if no recording held it.
    """

    daemon_threads = True

    def __init__(self, model: Model) -> None:
        super().__init__((_HOST, 0), _Question)
        self.model, self.token = model, secrets.token_urlsafe(24)
        self.failures: list[ModelError] = []
        self.under_way: set[object] = set()
        self.misses = False
        self._thread = threading.Thread(target=self.serve_forever, name="assistant_nb relay", daemon=True)

    @property
    def relayed(self) -> Relayed:
        """The model to use in another process."""
        return Relayed(self.server_address[1], self.token)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()


class _Question(StreamRequestHandler):
    server: Relay

    def handle(self) -> None:
        if secrets.compare_digest(self.rfile.readline().strip(), self.server.token.encode()):
            with suppress(OSError):  # the client went away
                asked, number = json.loads(self.rfile.readline())
                self._answer(Prompt.from_json(asked, number=number))

    def _answer(self, prompt: Prompt) -> None:
        if self.server.misses:
            self._write("ModelError", {"message": "This question stays unrecorded.", "code": "invalid_prompt"})
            return
        deltas, end = self.server.model.ask(prompt), None
        self.server.under_way.add(self)
        try:
            for delta in deltas:
                if isinstance(delta, Finish):
                    end = delta
                else:
                    self._tell(delta)
        except ModelError as error:
            self.server.failures.append(error)
            self._write("ModelError", {"message": str(error), "code": error.code})
        finally:
            self.server.under_way.discard(self)
            if isinstance(deltas, Generator):
                deltas.close()
        if end:  # sent last: by then the model has counted its tokens
            self._tell(end)

    def _tell(self, delta: Delta) -> None:
        self._write(type(delta).__name__, asdict(delta))

    def _write(self, kind: str, fields: Mapping[str, object]) -> None:
        self.wfile.write(f"{json.dumps([kind, fields])}\n".encode())
