"""`/v1/files` through the SDK, and what hostile clients send there."""

import json
import os
from io import BytesIO
from pathlib import Path
from typing import Any

import openai
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai import OpenAI
from openai.types import FileObject
from werkzeug.http import parse_options_header
from werkzeug.test import Client, EnvironBuilder
from werkzeug.wrappers import Response

from assistant_nb.engine.app import App, create_app
from assistant_nb.engine.files import blobs
from assistant_nb.engine.model.scripted import Scripted
from assistant_nb.engine.objects import FILE
from tests.conftest import Connect, MakeApp

KEYS = ["object", "id", "purpose", "filename", "bytes", "created_at", "expires_at", "status", "status_details"]


def upload(client: OpenAI, name: str = "notes.txt", data: bytes = b"Hello", purpose: Any = "vision") -> FileObject:
    return client.files.create(file=(name, data), purpose=purpose)


def test_a_file_has_the_recorded_keys_in_their_order(connect: Connect) -> None:
    answer = connect().files.with_raw_response.create(file=("notes.txt", b"Hello"), purpose="assistants")
    body = json.loads(answer.text)
    assert list(body) == KEYS
    assert (body["filename"], body["bytes"], body["status"], body["expires_at"]) == ("notes.txt", 5, "processed", None)


def test_bytes_and_type_come_back(connect: Connect) -> None:
    client = connect()
    data = os.urandom(200_000)
    file = client.files.create(file=("picture.png", data, "image/png"), purpose="vision")
    content = client.files.content(file.id)
    assert content.read() == data
    assert content.response.headers["content-type"] == "image/png"
    assert content.response.headers["content-disposition"] == "attachment; filename=picture.png"
    assert content.response.headers["x-content-type-options"] == "nosniff"
    assert content.response.headers["content-length"] == "200000"


@pytest.mark.parametrize("purpose", ["assistants", "user_data"])
def test_what_the_api_kept_to_itself_is_not_given_back(purpose: str, connect: Connect) -> None:
    client = connect()
    file = upload(client, purpose=purpose)
    with pytest.raises(openai.BadRequestError, match=f"Not allowed to download files of purpose: {purpose}"):
        client.files.content(file.id)


def test_files_are_listed_newest_first_by_purpose_and_in_pages(connect: Connect) -> None:
    client = connect()
    ids = [upload(client, purpose=purpose).id for purpose in ["vision", "batch", "vision", "vision"]]
    raw = json.loads(client.files.with_raw_response.list().text)
    assert list(raw) == ["object", "data", "has_more", "first_id", "last_id"]
    assert [list(row) for row in raw["data"]] == [KEYS] * 4
    assert [file.id for file in client.files.list(limit=1)] == ids[::-1]
    assert [file.id for file in client.files.list(purpose="vision", order="asc")] == [ids[0], *ids[2:]]
    assert [file.id for file in client.files.list(purpose="batch")] == [ids[1]]


def test_a_page_of_files_is_not_limited_to_twenty(connect: Connect) -> None:
    client = connect()
    for _ in range(21):
        upload(client)
    assert len(client.files.list().data) == 21


def test_a_deleted_file_is_gone_with_its_bytes(tmp_path: Path, make_app: MakeApp, connect: Connect) -> None:
    client = connect(app=make_app(store=tmp_path / "class.db"))
    file = upload(client)
    folder = tmp_path / "class.db.files"
    assert [path.name for path in folder.iterdir()] == [file.id]
    assert list(json.loads(client.files.with_raw_response.delete(file.id).text).items()) == [
        ("object", "file"), ("deleted", True), ("id", file.id),
    ]  # fmt: skip
    assert list(folder.iterdir()) == []
    for call in (client.files.retrieve, client.files.delete, client.files.content):
        with pytest.raises(openai.NotFoundError) as refused:
            call(file.id)
        assert refused.value.response.json() == {
            "error": {
                "message": f"No such File object: {file.id}", "type": "invalid_request_error", "param": "id", "code": None,
            },
            "detail": {"message": f"No such File object: {file.id}", "code": None},
        }  # fmt: skip


def test_a_file_outlives_its_engine(tmp_path: Path, make_app: MakeApp, connect: Connect) -> None:
    app = make_app(store=tmp_path / "class.db")
    file = upload(connect(app=app), data=b"kept")
    app.close()
    client = connect(app=make_app(store=tmp_path / "class.db"))
    assert client.files.retrieve(file.id) == file
    assert client.files.content(file.id).read() == b"kept"


def test_a_file_may_expire(connect: Connect) -> None:
    client = connect()
    file = client.files.create(
        file=("a.txt", b"x"), purpose="vision", expires_after={"anchor": "created_at", "seconds": 3600}
    )
    assert file.expires_at == file.created_at + 3600


def test_an_expired_file_is_gone(make_app: MakeApp, connect: Connect) -> None:
    class Watch:
        time = 1000

        def now(self, ticks: int) -> int:
            return self.time

    watch = Watch()
    client = connect(app=make_app(clock=watch))
    policy: Any = {"anchor": "created_at", "seconds": 3600}
    file = client.files.create(file=("a.txt", b"x"), purpose="vision", expires_after=policy)
    watch.time += 3599
    assert client.files.retrieve(file.id).expires_at == 4600
    watch.time += 1
    assert client.files.list().data == []


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        ({"anchor": "created_at", "seconds": 5}, "Invalid 'expires_after.seconds': integer below minimum value."),
        ({"anchor": "yesterday", "seconds": 3600}, "Invalid value: 'yesterday'. Supported values are: 'created_at'."),
        ({"anchor": "created_at"}, "Missing required parameter: 'expires_after.seconds'."),
    ],
)
def test_a_wrong_expiry_is_refused(policy: Any, message: str, connect: Connect) -> None:
    with pytest.raises(openai.BadRequestError) as refused:
        connect().files.create(file=("a.txt", b"x"), purpose="vision", expires_after=policy)
    assert message in str(refused.value)


def test_a_wrong_purpose_is_refused_in_the_recorded_words(connect: Connect) -> None:
    with pytest.raises(openai.BadRequestError) as refused:
        upload(connect(), purpose="world_domination")
    message = "'world_domination' is not one of ['fine-tune', 'assistants', 'batch', 'user_data', 'vision', 'evals'] - 'purpose'"
    assert refused.value.response.json() == {
        "error": {"message": message, "type": "invalid_request_error", "param": "purpose", "code": None},
        "detail": {"message": message, "code": None},
    }


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\temp\\notes.txt", "notes.txt"),
        ("..", "upload"),
        ("a/", "upload"),
        ("你好 é 😀.txt", "你好 é 😀.txt"),
        ("a\0b\x1bc.txt", "a_b_c.txt"),
        ("x" * 300 + ".txt", "x" * 251 + ".txt"),
    ],
)
def test_of_a_name_the_last_part_is_kept(given: str, kept: str, tmp_path: Path) -> None:
    app = create_app(model=Scripted(), store=tmp_path / "class.db")
    made = post(app, form(("file", given, b"x"), purpose="vision"))
    assert made.json and made.json["filename"] == kept
    assert [path.name for path in (tmp_path / "class.db.files").iterdir()] == [made.json["id"]]
    content = Client(app).get(f"/v1/files/{made.json['id']}/content", buffered=True)
    assert content.data == b"x"
    disposition, names = parse_options_header(content.headers["Content-Disposition"])
    assert (disposition, names["filename"]) == ("attachment", kept)
    assert content.headers["Content-Disposition"].isascii(), "as HTTP wants it"
    app.close()


BOUNDARY = "frontier"


def form(*files: tuple[str, str, bytes], content_type: str = "text/plain", **fields: str) -> bytes:
    """A multipart body, made by hand so that it can be wrong."""
    parts = [
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"; filename="{_quoted(file)}"\r\n'
        f"Content-Type: {content_type}\r\n\r\n".encode()
        + data
        + b"\r\n"
        for name, file, data in files
    ]
    parts += [
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ]
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


def _quoted(name: str) -> str:
    return name.replace("\\", "\\\\").replace('"', '\\"')


def post(app: App, data: bytes, **environ: Any) -> Response:
    builder = EnvironBuilder(
        "/v1/files", method="POST", data=data, content_type=f"multipart/form-data; boundary={BOUNDARY}"
    )
    return Response.from_app(app, builder.get_environ() | environ, buffered=True)


def left_on_disk(app: App) -> list[str]:
    return [path.name for path in app.blobs._folder().iterdir()]


whole = form(("file", "a.txt", b"Hello"), purpose="vision")


@pytest.mark.parametrize(
    ("body", "environ", "status", "message"),
    [
        (form(purpose="vision"), {}, 400, "'file' is a required property"),
        (form(purpose="vision", file="no file"), {}, 400, "'file' is a required property"),
        (form(("file", "a.txt", b"x")), {}, 400, "'purpose' is a required property"),
        (form(("file", "a.txt", b"x"), purpose="vision", colour="red"), {}, 400, "Unknown parameter: 'colour'."),
        (whole[:-40], {}, 400, "broke off before its end"),
        (whole[:60], {}, 400, "broke off before its end"),
        (b"", {}, 400, "'file' is a required property"),
        (whole, {"CONTENT_TYPE": "multipart/form-data"}, 400, "malformed"),
        (whole, {"CONTENT_TYPE": "multipart/form-data; boundary=é"}, 400, "malformed"),
        (b"{}", {"CONTENT_TYPE": "application/json"}, 400, "'file' is a required property"),
        (b"purpose=vision", {"CONTENT_TYPE": "application/x-www-form-urlencoded"}, 400, "'file' is a required property"),
        (b"a=" + b"x" * 2**20, {"CONTENT_TYPE": "application/x-www-form-urlencoded"}, 413, "too large"),
        (whole, {"CONTENT_LENGTH": str(10**15)}, 413, "its file 512 MB"),
        (form(*([("file", "a", b"x")] * 100_000), purpose="vision"), {}, 413, "100 parts"),
        (form(purpose="x" * 600_000), {}, 413, "too large"),
    ],
    ids=lambda value: "",
)  # fmt: skip
def test_a_broken_form_is_refused_and_leaves_nothing(
    body: bytes, environ: dict[str, str], status: int, message: str, make_app: MakeApp
) -> None:
    app = make_app()
    answer = post(app, body, **environ)
    assert (answer.status_code, message in answer.json["error"]["message"]) == (status, True), answer.data  # type: ignore[index]
    assert left_on_disk(app) == []
    assert app.store.all(FILE) == []


def test_of_two_files_the_first_is_taken(make_app: MakeApp) -> None:
    app = make_app()
    made = post(app, form(("file", "a.txt", b"one"), ("file", "b.txt", b"two"), ("other", "c", b""), purpose="vision"))
    assert made.json and made.json["filename"] == "a.txt"
    assert left_on_disk(app) == [made.json["id"]]


@pytest.mark.parametrize(
    "given", ["text/html\x0bX-Evil: 1", "nonsense", 'text/plain; charset="x\r\nSet-Cookie: a"', ""]
)
def test_a_strange_content_type_becomes_plain_bytes(given: str, make_app: MakeApp) -> None:
    app = make_app()
    made = post(app, form(("file", "a.txt", b"x"), content_type=given, purpose="vision"))
    content = Client(app).get(f"/v1/files/{made.json['id']}/content", buffered=True)  # type: ignore[index]
    assert content.content_type in ("application/octet-stream", "text/plain")
    assert not {"X-Evil", "Set-Cookie"} & set(content.headers.keys())


def test_a_file_beyond_the_limit_is_refused_while_it_comes(make_app: MakeApp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blobs, "MAX_FILE_BYTES", 1000)
    app = make_app()
    answer = post(app, form(("file", "a.txt", b"x" * 1001), purpose="vision"))
    assert answer.status_code == 413
    assert left_on_disk(app) == []


def test_a_full_disk_is_told_and_loses_nothing(make_app: MakeApp, monkeypatch: pytest.MonkeyPatch) -> None:
    app = make_app()
    kept = post(app, whole)

    def full(draft: blobs.Draft) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(blobs.Draft, "finish", full)
    answer = post(app, whole)
    assert answer.status_code == 400
    assert "No space left on device" in answer.get_data(as_text=True)
    assert [file["id"] for file in app.store.all(FILE)] == left_on_disk(app) == [kept.json["id"]]  # type: ignore[index]


def test_a_client_that_goes_away_in_the_middle_leaves_nothing(make_app: MakeApp) -> None:
    class Broken(BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            if data := super().read(100):
                return data
            raise OSError("connection reset")

    app = make_app()
    body = form(("file", "a.txt", b"x" * 1000), purpose="vision")
    answer = post(app, b"", **{"wsgi.input": Broken(body[:500]), "CONTENT_LENGTH": str(len(body))})
    assert answer.status_code == 400
    assert left_on_disk(app) == []


pieces = st.lists(
    st.sampled_from([
        b"--frontier\r\n", b"--frontier", b"--frontier--\r\n", b"\r\n", b"\r\n\r\n", b"Content-Disposition: form-data",
        b'; name="file"', b'; name="purpose"', b'; filename="a.txt"', b"; filename*=utf-8''%ff", b"vision", b"\0\xff",
        b"Content-Length: -1", b"Content-Type: multipart/mixed; boundary=x", b'; name="expires_after[seconds]"',
    ]) | st.binary(max_size=20),
    max_size=25,
)  # fmt: skip


@given(pieces, st.integers(-50, 50))
def test_no_form_gives_a_5xx(parts: list[bytes], lie: int) -> None:
    app = create_app(model=Scripted())
    data = b"".join(parts)
    answer = post(app, data, CONTENT_LENGTH=str(max(0, len(data) + lie)))
    assert answer.status_code < 500
    assert left_on_disk(app) == [file["id"] for file in app.store.all(FILE)]
    app.close()
