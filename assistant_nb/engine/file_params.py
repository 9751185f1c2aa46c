"""Bodies and queries of files and vector stores."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from .params import Body


class FileExpiry(Body):
    model_config = ConfigDict(strict=False)  # the fields of a form are strings

    anchor: Literal["created_at"]
    seconds: Annotated[int, Field(ge=3600, le=2_592_000)]


class UploadForm(Body):
    """What is missing is told by the handler, in words that only files have."""

    model_config = ConfigDict(strict=False)

    purpose: str | None = None
    expires_after: FileExpiry | None = None
    file: str | None = None  # a part `file` that is none


class ListFilesQuery(BaseModel):
    purpose: str | None = None
    limit: Annotated[int, Field(ge=1, le=10_000)] | None = None
    order: Literal["asc", "desc"] | None = None
    after: str | None = None
