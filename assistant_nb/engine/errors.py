"""Everything that can go wrong in the engine, as one tree.

EngineError
├── ApiError                  a request is refused; leaves as an error envelope
│   ├── BadRequest      400
│   │   ├── FileError         what `/v1/files` refuses; its envelope has a second key
│   │   │   └── NoSuchFile  404
│   │   ├── DiskError         the disk is full, or refuses
│   │   └── DamagedStore      the store file is damaged; a StoreError, too
│   ├── Unauthorized    401
│   ├── Forbidden       403
│   ├── NotFound        404
│   ├── NotAllowed      405
│   ├── Gone            410
│   ├── TooLarge        413
│   ├── NoAnswer        424   a chat completion's model fails; of a run it is the run's `last_error`
│   ├── RateLimited     429
│   └── OurBug          500   never the answer to a request, however broken
├── IllegalMove               a run was asked to go where its table has no way
├── ModelError                no answer came; the run ends as `failed`
│   └── NoRecording           the question is in no recording
├── Unanswered                a person has the model's seat, and has not answered yet
├── RecordingError            a recording file cannot be read
├── StoreError                a store file cannot be opened
└── ServerError               nothing can listen at an address
"""

from typing import Literal, NotRequired, TypedDict

LastErrorCode = Literal["server_error", "rate_limit_exceeded", "invalid_prompt"]


class Refusal(TypedDict):
    message: str
    type: str
    param: str | None
    code: str | None


class Detail(TypedDict):
    message: str
    code: str | None


class Envelope(TypedDict):
    """The one shape in which an error travels."""

    error: Refusal
    detail: NotRequired[Detail]
    """Of files: since 2026 such answers say it twice."""


class EngineError(Exception):
    """The root; catch it to catch everything the engine raises on purpose."""


class ApiError(EngineError):
    """A request is refused. `param` names the field at fault, `code` the kind of fault."""

    status = 400
    type = "invalid_request_error"
    is_final = False
    """Whether a client shall not try again by itself."""

    def __init__(self, message: str, *, param: str | None = None, code: str | None = None) -> None:
        super().__init__(message)
        self.message, self.param, self.code = message, param, code

    def envelope(self) -> Envelope:
        """`{"error": {message, type, param, code}}`"""
        return {"error": {"message": self.message, "type": self.type, "param": self.param, "code": self.code}}


class BadRequest(ApiError):
    """The request cannot be understood, or the state of things does not allow it."""


class FileError(BadRequest):
    """A request to `/v1/files` is refused."""

    def envelope(self) -> Envelope:
        return {**super().envelope(), "detail": {"message": self.message, "code": self.code}}


class NoSuchFile(FileError):
    """`/v1/files` has no file of this id."""

    status = 404

    def __init__(self, id: str) -> None:
        super().__init__(f"No such File object: {id}", param="id")


class DiskError(BadRequest):
    """This machine's disk is full, or refuses. Nothing was changed."""

    def __init__(self, error: Exception) -> None:
        reason = getattr(error, "strerror", None) or error
        super().__init__(
            f"The disk of this machine does not keep what it should, or give back what it has ({reason})."
            " Nothing was changed; see to the disk and try again."
        )


class StoreError(EngineError):
    """A store file is in use, is not ours, or was written by a newer version."""


class DamagedStore(BadRequest, StoreError):
    """The store file is damaged: seen when it is opened, or when something is read from it. Nothing was changed."""


class Unauthorized(ApiError):
    """No key, or not ours."""

    status = 401


class Forbidden(ApiError):
    """The request came by a road that is closed: a browser page, a foreign Host."""

    status = 403


class NotFound(ApiError):
    """The id is well formed, and nothing has it."""

    status = 404

    @classmethod
    def of(cls, thing: str, id: str) -> "NotFound":
        """`NotFound.of("run step", "step_1")` says "No run step found with id 'step_1'."."""
        return cls(f"No {thing} found with id '{id}'.")


class NotAllowed(ApiError):
    """The path exists, the method does not."""

    status = 405


class Gone(ApiError):
    """The engine was stopped."""

    status = 410


class TooLarge(ApiError):
    """The body is larger than the engine reads."""

    status = 413


class NoAnswer(ApiError):
    """A chat completion gets no answer from its model. Never a 5xx: the engine itself is well."""

    status = 424


class RateLimited(ApiError):
    """A chat completion's model asks for fewer requests."""

    status = 429
    type = "requests"


class OurBug(ApiError):
    """The engine failed in a way nobody foresaw. The transaction is rolled back."""

    status = 500
    type = "server_error"


class IllegalMove(EngineError):
    """Names the run's status, the status it should take, and where it may go instead."""


class ModelError(EngineError):
    """A model gave no usable answer. `code` and the message become the run's `last_error`."""

    def __init__(self, message: str, code: LastErrorCode = "server_error") -> None:
        super().__init__(message)
        self.code: LastErrorCode = code


class NoRecording(ModelError):
    """Replaying, and no recording holds this prompt."""

    def __init__(self, message: str) -> None:
        super().__init__(message, "invalid_prompt")


class Unanswered(EngineError):
    """A person has the model's seat and has not answered yet. No failure: the run waits."""


class RecordingError(EngineError):
    """A recording file is missing or malformed; the message names file and line."""


class ServerError(EngineError):
    """The address is taken, or is not this machine's."""
