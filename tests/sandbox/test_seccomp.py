"""The filter, run by a small interpreter of its language, for machines that are not here, too."""

import errno
import re
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant_nb.sandbox.seccomp import ALLOWED, ANSWERED, CHECKED, calls, program

PID = 4711
MACHINES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
ALLOW, KILL = "allow", "kill"
TABLES = " ".join([ALLOWED, *ANSWERED.values(), *CHECKED])


def answer(machine: str, number: int, *args: int, there: int | None = None) -> str | int:
    """`there`: the machine that makes the call, if it is not the one that the filter is for."""
    data = struct.pack("=iIQ6Q", number, there or MACHINES[machine], 0, *(arg % 2**64 for arg in (*args, *[0] * 6)[:6]))
    steps = list(struct.iter_unpack("=HBBI", program(machine, PID)))
    at = word = 0
    while True:
        operation, if_true, if_false, operand = steps[at]
        at += 1
        match operation:
            case 0x20:
                (word,) = struct.unpack_from("=I", data, operand)
            case 0x54:
                word &= operand
            case 0x15:
                at += if_true if word == operand else if_false
            case 0x06:
                verdict = {0x7FFF0000: ALLOW, 0x80000000: KILL}.get(operand)
                return verdict or operand & 0xFFFF


def named(machine: str, name: str, *args: int) -> str | int:
    return answer(machine, calls(TABLES, machine)[name], *args)


@pytest.fixture(params=MACHINES)
def machine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_what_a_kernel_needs_is_allowed(machine: str) -> None:
    assert {named(machine, name) for name in ("read", "openat", "mmap", "futex", "accept4", "execve")} == {ALLOW}


@given(st.sampled_from(sorted(MACHINES)), st.integers(0, 2**31 - 1), st.lists(st.integers(0, 2**64 - 1), max_size=6))
def test_what_is_not_in_the_tables_is_not_there(machine: str, number: int, args: list[int]) -> None:
    if number not in calls(TABLES, machine).values():
        assert answer(machine, number, *args) == errno.ENOSYS


def test_the_calls_of_another_machine_kill(machine: str) -> None:
    assert answer(machine, 0, there=0x40000003) == KILL  # 32 bits


def test_the_32_bit_pointers_of_x86_64_are_not_there() -> None:
    assert answer("x86_64", 0x40000000 + calls(ALLOWED, "x86_64")["read"]) == errno.ENOSYS


def test_a_thread_is_allowed_and_a_process_is_not(machine: str) -> None:
    thread = 0x3D0F00  # as glibc starts one
    assert named(machine, "clone", thread) == ALLOW
    assert named(machine, "clone", 17) == errno.EPERM  # SIGCHLD: fork
    assert named(machine, "clone", 0x4111) == errno.EPERM  # vfork
    assert {named(machine, "clone", thread | 1 << bit) for bit in (17, 25, 26, 27, 28, 29, 30)} == {errno.EPERM}


@pytest.mark.parametrize("call", ["kill", "tgkill"])
def test_signals_go_to_itself_only(machine: str, call: str) -> None:
    assert named(machine, call, PID) == ALLOW
    assert {named(machine, call, other) for other in (0, -1, 1, PID + 1, -PID)} == {errno.EPERM}


def test_sockets_are_local_streams(machine: str) -> None:
    for call in ("socket", "socketpair"):
        assert named(machine, call, 1, 1 | 0o2000000 | 0o4000) == ALLOW  # close on exec, non-blocking
        refused = {named(machine, call, family, kind) for family in range(2, 50) for kind in (1, 2, 3, 5)}
        assert refused | {named(machine, call, 1, kind) for kind in (2, 3, 5)} == {errno.EOPNOTSUPP}


def test_nobody_may_wish_to_outlive_the_engine(machine: str) -> None:
    assert named(machine, "prctl", 15) == ALLOW  # a thread's name
    assert named(machine, "prctl", 1, 0) == errno.EINVAL  # PR_SET_PDEATHSIG


def test_times_are_set_in_word_only(machine: str) -> None:
    assert named(machine, "utimensat", -100, 0x7000, 0x7FFC00001000, 0) == 0
    assert named(machine, "utimensat", -100, 0x7000, 0, 0) == errno.EPERM


def test_no_call_is_named_twice(machine: str) -> None:
    rows = [row.partition("=")[0] for row in TABLES.split()]
    assert len(rows) == len({*rows})
    assert len(calls(TABLES, machine)) == len({*calls(TABLES, machine).values()})


def test_a_machine_that_is_not_known_has_no_filter() -> None:
    with pytest.raises(OSError, match="of riscv64 are not known, only of x86_64 and aarch64"):
        program("riscv64", PID)


def test_the_filter_fits(machine: str) -> None:
    assert len(program(machine, PID)) <= 4096 * 8


@pytest.mark.parametrize(
    ("machine", "header"),
    [("x86_64", "x86_64-linux-gnu/asm/unistd_64.h"), ("aarch64", "asm-generic/unistd.h")],
)
def test_the_numbers_are_those_of_linux(machine: str, header: str) -> None:
    file = Path("/usr/include") / header
    if not file.exists():
        pytest.skip(f"{file} is not installed")
    found = re.findall(r"#define __NR(?:3264)?_(\w+)\s+(\d+)", file.read_text(encoding="utf-8"))
    known = {name: int(number) for name, number in found}
    known.setdefault("newfstatat", known.get("fstatat", 0))
    known.setdefault("fchmodat2", 452)  # of 2023
    assert {name: known.get(name) for name in calls(TABLES, machine)} == calls(TABLES, machine)
