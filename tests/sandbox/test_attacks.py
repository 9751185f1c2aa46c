"""More than a hundred attacks: none gets through behind any set of layers, and all of them do where there is none."""

import json
import os
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from assistant_nb.sandbox.layers import candidates
from tests.sandbox import attacks, stand_in
from tests.sandbox.world import LIMITS, World, as_user, make_world
from tests.until import PATIENCE_S

ROOT = Path(__file__).parents[2]
IS_ROOT = sys.platform == "linux" and os.getuid() == 0
ORDINARY = 61_200 if IS_ROOT else None
"""An ordinary user: somebody else, or who runs the tests."""
SPARE = 60_577
ONLY_LANDLOCK = {
    *("plant_a_file_beside_the_connection", "plant_a_symlink_beside_the_connection", "write_over_the_connection_file"),
    *("make_a_socket_among_the_results", "become_a_program_of_the_system"),
}
"""These spoil what is the attacker's own: the engine reads no such file, and every program is as confined."""
TOGETHER = [name for name in attacks.ATTACKS if name not in attacks.ALONE]
WAYS = [(user, layers) for user in ("root", "ordinary") for layers in candidates("linux", root=user == "root")]

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the attacks are written for Linux")


@pytest.mark.parametrize(("user", "layers"), WAYS, ids=lambda way: way if isinstance(way, str) else "+".join(way[:-2]))
def test_no_attack_gets_through(user: str, layers: tuple[str, ...]) -> None:
    if user == "root" and not IS_ROOT:
        pytest.skip("needs root")
    runner = ORDINARY if user == "ordinary" else None
    with ExitStack() as stack:
        world = make_world(stack, SPARE if {"spare user", "reading user"} & {*layers} else runner)
        before = world.marks()
        outcomes = attack_contained(world, layers, runner)
        let = set() if "landlock" in layers else ONLY_LANDLOCK
        assert [name for name in attacks.ATTACKS if outcomes.get(name) == "" and name not in let] == []
        assert {*attacks.ATTACKS} - {*outcomes} <= attacks.ALONE
        assert world.marks() == before
        assert world.neighbour.poll() is None


@pytest.mark.parametrize("name", attacks.ATTACKS)
def test_the_attack_is_real(name: str) -> None:
    outcome = uncontained()[name]
    if outcome.startswith(("OSError", "PermissionError", "FileNotFoundError")):
        pytest.skip(f"not even without a sandbox, here: {outcome}")
    assert outcome == ""


def test_the_suite_is_large_enough() -> None:
    assert len(attacks.ATTACKS) >= 80


def attack_contained(world: World, layers: tuple[str, ...], runner: int | None) -> dict[str, str]:
    """By attack, what stopped it; empty if nothing did. Skips where these layers do not hold."""
    spec = {
        "layers": layers,
        "uid": SPARE,
        "room": [str(world.room.scratch), str(world.room.temp), str(world.room.connection)],
        "limits": asdict(LIMITS),
        "targets": world.targets,
        "batches": [TOGETHER, *([name] for name in sorted(attacks.ALONE))],
    }
    for python in dict.fromkeys((sys.executable, "/usr/bin/python3")):  # the first may be in root's HOME
        try:
            outcomes = report([python, "-m", stand_in.__name__, json.dumps(spec)], world, runner, cwd=ROOT)
        except OSError as error:
            outcomes = {"why_not": str(error)}
        if (why_not := outcomes.pop("why_not", "no word from it")) is None:
            return outcomes
    pytest.skip(f"they do not hold here: {why_not}")


@cache
def uncontained() -> dict[str, str]:
    """Each attack in a process of its own, with nothing around it."""
    with ExitStack() as stack:
        world = make_world(stack, None)
        words = json.dumps({"names": list(attacks.ATTACKS), "targets": world.targets, "apart": True})
        command = [sys.executable, "-I", "-S", "-c", stand_in.SOURCE, words]
        return report(command, world, None, cwd=world.room.scratch)


def report(command: list[str], world: World, uid: int | None, cwd: Path) -> dict[str, Any]:
    done = subprocess.run(
        command,
        cwd=cwd,
        env={"OPENAI_API_KEY": "sk-secret", "PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_S,
        pass_fds=[world.targets["descriptor"]],
        **as_user(uid),
    )
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return {name: outcome for line in lines for name, outcome in line.items()}
