"""The door: what it finds out, what it lets through, and what it refuses."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from assistant_nb.sandbox import canaries, layers, macos
from assistant_nb.sandbox.errors import NotContained
from assistant_nb.sandbox.launch import Launch, launch
from assistant_nb.sandbox.launcher import FAILED
from assistant_nb.sandbox.limits import Limits, Room
from tests.until import PATIENCE_S

ROOT = Path(__file__).parents[2]
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="these layers are Linux's")


@contextmanager
def room() -> Iterator[Room]:
    with TemporaryDirectory(prefix="anb-", ignore_cleanup_errors=True) as name:
        folder = Path(name).resolve()
        made = Room(folder / "data", folder / "temp", folder / "run")
        for path in (made.scratch, made.temp, made.connection):
            path.mkdir(0o700)
        yield made


def start(start: Launch, room: Room, **choices: Any) -> "subprocess.Popen[str]":
    if start.owner is not None:
        for path in (room.scratch.parent, room.scratch, room.temp, room.connection):
            os.chown(path, start.owner, start.owner)
    return subprocess.Popen(
        start.argv, env=start.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **choices
    )


def python(code: str, *args: str) -> list[str]:
    return [sys.executable, "-I", "-S", "-c", code, *args]


def held() -> tuple[str, ...]:
    try:
        return layers.layers()
    except NotContained as error:
        pytest.skip(str(error))


def run(code: str) -> str:
    """What a contained Python prints."""
    held()
    with room() as place:
        process = start(launch(python(code), place, Limits(), layers.layers()), place)
        printed, errors = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, errors) == (0, "")
    return printed


def test_what_holds_is_found_out_once(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[Sequence[str]] = []
    monkeypatch.setattr(layers, "why_not", tried.append)
    monkeypatch.setattr(layers, "candidates", lambda platform, root: [("the best",), ("the least",)])
    layers._found.cache_clear()
    try:
        with ThreadPoolExecutor(8) as pool:
            assert {*pool.map(lambda _: layers.layers(), range(8))} == {("the best",)}
        assert tried == [("the best",)]
    finally:
        layers._found.cache_clear()


def test_where_nothing_holds_each_way_has_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layers, "why_not", lambda layers: f"no {layers[0]}")
    monkeypatch.setattr(layers, "candidates", lambda platform, root: [("walls",), ("doors", "locks")])
    layers._found.cache_clear()
    try:
        for _ in range(2):
            with pytest.raises(NotContained, match=r"walls: no walls; doors, locks: no doors") as caught:
                layers.layers()
        assert caught.value.reasons == ["walls: no walls", "doors, locks: no doors"]
    finally:
        layers._found.cache_clear()


def test_windows_has_no_way() -> None:
    assert layers.candidates("win32", root=False) == []
    assert layers.candidates("darwin", root=False) == [("sandbox_init", "limits")]


@LINUX
@pytest.mark.parametrize("root", [True, False])
def test_every_way_on_linux_filters_calls_and_hides_files(root: bool) -> None:
    ways = layers.candidates("linux", root=root)
    assert all({"seccomp", "limits"} < {*way} and {"namespaces", "landlock"} & {*way} for way in ways)
    assert len({*ways}) == len(ways)


@LINUX
def test_the_canaries_get_through_where_nothing_is() -> None:
    names = [canary.__name__ for canary in canaries.ATTACKS]
    assert layers.why_not(()) == f"it does not stop {', '.join(names)}"


@LINUX
@pytest.mark.parametrize("missing", ["landlock", "seccomp", "limits"])
def test_each_layer_has_its_canary(missing: str) -> None:
    rest = [layer for layer in ("landlock", "seccomp", "limits") if layer != missing]
    assert "it does not stop" in (layers.why_not(rest) or "")


def test_a_layer_that_fails_lets_nothing_run() -> None:
    with room() as place:
        process = start(
            launch(python("print('ran')"), place, Limits(), ["limits", "no such layer", "sandbox_init"]), place
        )
        printed, errors = process.communicate(timeout=PATIENCE_S)
    assert (printed, process.returncode) == ("", FAILED)
    assert errors.startswith("sandbox_init: ")


def test_a_command_that_is_not_there_is_named() -> None:
    held()
    with room() as place:
        process = start(launch(["/no/such/python"], place, Limits(), layers.layers()), place)
        _, errors = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == FAILED
    assert errors.startswith("/no/such/python: ")


def test_the_environment_is_made_from_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    inside = json.loads(run("import json, os; print(json.dumps(dict(os.environ)))"))
    assert "sk-secret" not in inside.values()
    assert {"HOME", "PATH", "TMPDIR", "MPLCONFIGDIR"} <= {*inside}


def test_the_code_finds_its_data_and_the_engine_its_results() -> None:
    held()
    with room() as place:
        (place.scratch / "given").write_text("by the engine")
        limits = Limits()
        found = launch(python(""), place, limits, layers.layers()).data_path
        code = f"from pathlib import Path; Path('{found}/made').write_text(Path('given').read_text())"
        prepared = launch(python(code), place, limits, layers.layers())
        if prepared.owner is not None:
            os.chown(place.scratch / "given", prepared.owner, prepared.owner)
        assert start(prepared, place).communicate(timeout=PATIENCE_S) == ("", "")
        assert (place.scratch / "made").read_text() == "by the engine"


def test_shutil_zipfile_and_touch_work() -> None:
    printed = run(
        "import shutil, zipfile, os; from pathlib import Path\n"
        "Path('a').write_text('x'); Path('b').touch(); Path('b').touch(); shutil.copy2('a', 'c'); Path('sub').mkdir()\n"
        "shutil.move('c', 'sub/c'); shutil.make_archive('z', 'zip', 'sub'); zipfile.ZipFile('z.zip').extractall('out')\n"
        "shutil.copytree('sub', 'tree'); shutil.rmtree('sub'); Path('a').chmod(0o600)\n"
        "print(sorted(str(path) for path in Path().rglob('*')))"
    )
    assert printed.strip() == "['a', 'b', 'out', 'out/c', 'tree', 'tree/c', 'z.zip']"


def test_threads_asyncio_and_sqlite_work() -> None:
    printed = run(
        "import asyncio, sqlite3, tempfile, threading; from concurrent.futures import ThreadPoolExecutor\n"
        "async def nap(): await asyncio.sleep(0.001); return 1\n"
        "base = sqlite3.connect('b.db'); base.execute('create table t (n)'); base.execute('insert into t values (2)')\n"
        "base.commit(); tempfile.mkdtemp()\n"
        "print(asyncio.run(nap()), *base.execute('select n from t'), *ThreadPoolExecutor(8).map(abs, [-3]))"
    )
    assert printed.strip() == "1 (2,) 3"


@LINUX
def test_the_code_dies_with_the_engine() -> None:
    """The engine is a process that starts the code and is killed. The code holds a pipe, whose end tells."""
    held()
    with room() as place:
        engine = (
            "import json, os, subprocess, sys, time; from pathlib import Path\n"
            "from tests.sandbox.test_layers import *\n"
            "place = Room(*map(Path, json.loads(sys.argv[1])))\n"
            "code = 'import time; print(1, flush=True); time.sleep(600)'\n"
            "prepared = launch(python(code), place, Limits(), layers.layers())\n"
            "if prepared.owner is not None:\n"
            "    for path in (place.scratch.parent, place.scratch, place.temp, place.connection):\n"
            "        os.chown(path, prepared.owner, prepared.owner)\n"
            "subprocess.run(prepared.argv, env=prepared.env)\n"
        )
        words = json.dumps([str(place.scratch), str(place.temp), str(place.connection)])
        process = subprocess.Popen([sys.executable, "-c", engine, words], cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        assert process.stdout.readline() == "1\n"
        process.kill()
        assert process.stdout.read() == ""  # returns when nobody holds the pipe any more
        process.wait()
        process.stdout.close()


@LINUX
def test_kernels_of_root_are_strangers_to_each_other() -> None:
    with room() as place:
        owners = {launch(python(""), place, Limits(), ["spare user"]).owner for _ in range(20)}
    assert len(owners) == 20
    assert None not in owners and not owners & {0, os.getuid()}


def test_the_door_needs_the_standard_library_only() -> None:
    code = f"import sys; sys.path.append({str(ROOT)!r}); import assistant_nb.sandbox.layers"
    subprocess.run([sys.executable, "-I", "-S", "-c", code], check=True, timeout=PATIENCE_S)


def test_the_profile_for_macos_names_what_is_open() -> None:
    text = macos.profile(["/usr"], ["/tmp/a b/data"], "/tmp/run")
    assert "(deny default)" in text and "(deny network*)" in text
    assert '(allow file-read* file-map-executable (subpath "/usr"))' in text
    assert '(allow file-write-data file-write-create file-write-unlink (subpath "/tmp/a b/data"))' in text
    assert text.count("(") == text.count(")")
