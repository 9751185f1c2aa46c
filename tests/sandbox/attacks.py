"""What hostile code may try, one function an attack. It returns if it got through, and raises if it was stopped.

The source of this file is handed to a Python that is contained, or, to prove that each attack is real, to one that is not.
It needs the standard library only. Each attack has a file and a folder of its own to be spoiled, named for it.
"""

# What matters here is which call of the system is made.
# ruff: noqa: PTH101, PTH108, PTH116, PTH208

import ctypes
import errno
import fcntl
import json
import mmap
import multiprocessing
import os
import platform
import resource
import signal
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Callable
from multiprocessing.shared_memory import SharedMemory
from pathlib import Path
from types import SimpleNamespace as Targets
from typing import Any

SECRET = "the neighbour's secret"
ATTRIBUTE = "user.mark"
ATTACKS: dict[str, Callable[[Targets], Any]] = {}
ALONE: set[str] = set()
"""Those that end the process they run in, if they are stopped or if they are not."""

_LIBC = ctypes.CDLL(None, use_errno=True)
_LIBC.syscall.restype = ctypes.c_long
_IS_ARM = platform.machine() == "aarch64"


def attack(function: Callable[[Targets], Any]) -> Callable[[Targets], Any]:
    ATTACKS[function.__name__] = function
    return function


def alone(function: Callable[[Targets], Any]) -> Callable[[Targets], Any]:
    ALONE.add(function.__name__)
    return attack(function)


def sure(condition: object) -> None:
    assert condition


def call(x86: int, arm: int, *args: int | bytes) -> int:
    words = [ctypes.c_char_p(arg) if isinstance(arg, bytes) else ctypes.c_long(arg) for arg in args]
    result = int(_LIBC.syscall(ctypes.c_long(arm if _IS_ARM else x86), *words))
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


def link_to(path: Path) -> Path:
    """Among the attacker's own files."""
    link = Path("link")
    link.unlink(missing_ok=True)
    link.symlink_to(path)
    return link


# Reading files


@attack
def read_through_a_hard_link(t: Targets) -> None:
    Path("hard").hardlink_to(t.file)
    assert SECRET in Path("hard").read_text()


@attack
def read_by_an_open_folder(t: Targets) -> None:
    folder = os.open(t.file.parent, os.O_PATH)
    os.read(os.open(t.name, os.O_RDONLY, dir_fd=folder), 100)


@attack
def read_by_a_handle(t: Targets) -> None:
    handle, mount = ctypes.create_string_buffer(struct.pack("Ii", 128, 0), 136), ctypes.c_int()
    address = ctypes.addressof
    call(303, 264, -100, bytes(t.file), address(handle), address(mount), 0)
    call(304, 265, os.open(t.world, os.O_RDONLY), address(handle), os.O_RDONLY)


@alone
def read_after_becoming_another_program(t: Targets) -> None:
    report = json.dumps({t.name: ""})
    code = f"import sys; open(sys.argv[1]).read(); print({report!r})"
    os.execv(sys.executable, [sys.executable, "-I", "-S", "-c", code, str(t.file)])


@alone
def become_a_program_of_the_system(t: Targets) -> None:
    os.execv("/bin/echo", ["echo", json.dumps({t.name: ""})])


ATTACKS.update(
    {
        "read_a_file": lambda t: sure(SECRET in t.file.read_text()),
        "read_through_a_symlink": lambda t: sure(SECRET in link_to(t.file).read_text()),
        "read_through_a_symlinked_folder": lambda t: sure(SECRET in (link_to(t.file.parent) / t.name).read_text()),
        "read_by_a_relative_path": lambda t: sure(SECRET in Path(os.path.relpath(t.file)).read_text()),
        "read_through_the_root_of_the_process": lambda t: sure(SECRET in Path(f"/proc/self/root{t.file}").read_text()),
        "read_through_the_root_of_the_neighbour": lambda t: sure(
            SECRET in Path(f"/proc/{t.neighbour}/root{t.file}").read_text()
        ),
        "read_through_the_folder_of_the_neighbour": lambda t: sure(
            SECRET in Path(f"/proc/{t.neighbour}/cwd/files/{t.name}").read_text()
        ),
        "read_an_inherited_descriptor": lambda t: sure(SECRET in os.pread(t.descriptor, 100, 0).decode()),
        "list_a_folder": lambda t: os.listdir(t.file.parent),
        "list_home": lambda t: os.listdir(t.home),
        "read_a_key_in_home": lambda t: (t.home / ".ssh" / "id_ed25519").read_text(),
        "read_the_connection_file_of_a_neighbour": lambda t: json.loads((t.world / "kernel.json").read_text()),
        "read_the_users": lambda t: Path("/etc/passwd").read_text(),
        "read_the_environment_of_the_engine": lambda t: sure(os.environ["OPENAI_API_KEY"]),
    }
)


# Other processes, through /proc


ATTACKS.update(
    {
        "proc_list": lambda t: sure(str(t.neighbour) in os.listdir("/proc")),
        "proc_command": lambda t: sure(Path(f"/proc/{t.neighbour}/cmdline").read_bytes()),
        "proc_environment": lambda t: Path(f"/proc/{t.neighbour}/environ").read_bytes(),
        "proc_environment_of_the_engine": lambda t: sure(Path(f"/proc/{t.engine}/environ").read_bytes()),
        "proc_maps": lambda t: sure(Path(f"/proc/{t.neighbour}/maps").read_bytes()),
        "proc_memory": lambda t: os.open(f"/proc/{t.neighbour}/mem", os.O_RDWR),
        "proc_descriptors": lambda t: sure(os.listdir(f"/proc/{t.neighbour}/fd")),
        "proc_memory_of_the_parent": lambda t: os.open(f"/proc/{os.getppid()}/mem", os.O_RDWR),
        "proc_open_descriptor": lambda t: os.open(f"/proc/{t.neighbour}/fd/0", os.O_RDONLY),
        "proc_write": lambda t: Path(f"/proc/{t.neighbour}/oom_score_adj").write_text("1"),
        "proc_first_process": lambda t: sure(
            Path("/proc/1/stat").read_bytes().split()[3] == b"0" and os.getppid() != 1
        ),
        "proc_sockets": lambda t: sure(f":{t.tcp:04X}" in Path("/proc/self/net/tcp").read_text()),
        "proc_interfaces": lambda t: os.listdir("/sys/class/net"),
        "proc_settings": lambda t: os.open("/proc/sys/kernel/core_pattern", os.O_WRONLY),
        "proc_namespace": lambda t: os.stat(f"/proc/{t.neighbour}/ns/mnt", follow_symlinks=True),
    }
)


# Writing outside


@attack
def write_over_a_file(t: Targets) -> None:
    with t.file.open("r+") as file:
        file.write("spoiled")


@attack
def write_at_the_end(t: Targets) -> None:
    with t.file.open("a") as file:
        file.write("spoiled")


@attack
def write_through_a_hard_link(t: Targets) -> None:
    Path("write-hard").hardlink_to(t.file)
    Path("write-hard").write_text("spoiled")


@attack
def rename_out(t: Targets) -> None:
    Path("planted").write_text("")
    Path("planted").rename(t.folder / "planted")


@attack
def rename_in_exchange(t: Targets) -> None:
    Path("changeling").write_text("")
    call(316, 276, -100, b"changeling", -100, bytes(t.file), 2)


@attack
def make_a_hard_link(t: Targets) -> None:
    Path("own").write_text("")
    (t.folder / "new").hardlink_to("own")


@attack
def write_to_tmp(t: Targets) -> None:
    with Path(t.tmp_file).open("x"):
        os.unlink(t.tmp_file)


@attack
def write_to_var_tmp(t: Targets) -> None:
    with Path("/var", t.tmp_file.lstrip("/")).open("x"):
        os.unlink(f"/var{t.tmp_file}")


@attack
def write_to_shared_memory(t: Targets) -> None:
    path = Path("/dev/shm", Path(t.tmp_file).name)
    with path.open("x"):
        path.unlink()


@attack
def use_shared_memory(t: Targets) -> None:
    memory = SharedMemory(create=True, size=4096)
    memory.close()
    memory.unlink()


@attack
def lock_a_file(t: Targets) -> None:
    with t.file.open() as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


ATTACKS.update(
    {
        "write_a_new_file": lambda t: (t.folder / "new").write_text(""),
        "write_through_a_symlink": lambda t: link_to(t.folder / "new").write_text(""),
        "write_an_unnamed_file": lambda t: os.open(t.folder, os.O_TMPFILE | os.O_WRONLY),
        "truncate_by_path": lambda t: os.truncate(t.file, 0),
        "truncate_by_opening": lambda t: os.open(t.file, os.O_RDONLY | os.O_TRUNC),
        "remove_a_file": lambda t: t.file.unlink(),
        "remove_a_folder": lambda t: t.folder.rmdir(),
        "rename_in": lambda t: t.file.rename("stolen"),
        "make_a_folder": lambda t: (t.folder / "new").mkdir(),
        "make_a_symlink": lambda t: (t.folder / "new").symlink_to("/"),
        "make_a_pipe": lambda t: os.mkfifo(t.folder / "new"),
        "make_a_socket": lambda t: socket.socket(socket.AF_UNIX).bind(str(t.folder / "new")),
        "make_a_pipe_among_the_results": lambda t: os.mkfifo("pipe"),
        "make_a_socket_among_the_results": lambda t: socket.socket(socket.AF_UNIX).bind("socket"),
        "make_a_device_among_the_results": lambda t: os.mknod("device", 0o600 | 0o020000, os.makedev(1, 3)),
        "plant_a_file_beside_the_connection": lambda t: (t.connection / "planted").write_text(""),
        "plant_a_symlink_beside_the_connection": lambda t: (t.connection / "planted-link").symlink_to("/"),
        "plant_a_pipe_beside_the_connection": lambda t: os.mkfifo(t.connection / "planted-pipe"),
        "write_over_the_connection_file": lambda t: (t.connection / "kernel.json").write_text("{}"),
        "write_to_the_library": lambda t: os.open(os.__file__, os.O_WRONLY),
    }
)


# What files say of themselves


@attack
def change_the_mode(t: Targets) -> None:
    t.file.chmod(0o666)
    assert t.file.stat().st_mode & 0o777 == 0o666


@attack
def change_the_mode_by_a_descriptor(t: Targets) -> None:
    folder = os.open(t.file.parent, os.O_PATH)
    os.chmod(t.name, 0o666, dir_fd=folder)
    assert t.file.stat().st_mode & 0o777 == 0o666


@attack
def change_the_mode_by_proc(t: Targets) -> None:
    descriptor = os.open(t.file, os.O_PATH)
    os.chmod(f"/proc/self/fd/{descriptor}", 0o666)
    assert t.file.stat().st_mode & 0o777 == 0o666


@attack
def change_the_owner(t: Targets) -> None:
    os.chown(t.file, 12346, 12346)
    assert t.file.stat().st_uid == 12346


@attack
def change_the_owner_of_a_link(t: Targets) -> None:
    os.lchown(t.file, 12346, 12346)
    assert t.file.stat().st_uid == 12346


@attack
def change_the_times(t: Targets) -> None:
    os.utime(t.file, (1, 1))
    assert t.file.stat().st_mtime == 1


@attack
def touch(t: Targets) -> None:
    before = t.file.stat().st_mtime_ns
    os.utime(t.file)
    assert t.file.stat().st_mtime_ns != before


ATTACKS.update(
    {
        "set_an_attribute": lambda t: os.setxattr(t.file, "user.spoiled", b"1"),
        "remove_an_attribute": lambda t: os.removexattr(t.file, ATTRIBUTE),
        "read_an_attribute": lambda t: os.getxattr(t.file, ATTRIBUTE),
        "list_attributes": lambda t: os.listxattr(t.file),
    }
)


# Signals and other processes


def _transfer_memory(t: Targets, x86: int, arm: int) -> None:
    own = ctypes.create_string_buffer(8)
    vector = struct.pack("QQ", ctypes.addressof(own), 8)
    try:
        call(x86, arm, t.neighbour, vector, 1, struct.pack("QQ", 8, 8), 1, 0)
    except OSError as error:
        if error.errno != errno.EFAULT:  # that is: it may, there is only nothing at this address
            raise


@attack
def schedule_a_neighbour(t: Targets) -> None:
    os.sched_setscheduler(t.neighbour, os.SCHED_BATCH, os.sched_param(0))
    assert os.sched_getscheduler(t.neighbour) == os.SCHED_BATCH


ATTACKS.update(
    {
        "signal_a_neighbour": lambda t: os.kill(t.neighbour, signal.SIGCONT),
        "signal_the_engine": lambda t: os.kill(t.engine, 0),
        "signal_a_group": lambda t: os.killpg(t.neighbour, signal.SIGCONT),
        "signal_everybody": lambda t: os.kill(-1, 0),
        "signal_a_thread": lambda t: call(200, 130, t.neighbour, signal.SIGCONT),
        "signal_a_thread_of_a_group": lambda t: call(234, 131, t.neighbour, t.neighbour, signal.SIGCONT),
        "signal_with_data": lambda t: call(
            129, 138, t.neighbour, signal.SIGCONT, struct.pack("iii", signal.SIGCONT, 0, -1) + bytes(116)
        ),
        "signal_by_descriptor": lambda t: signal.pidfd_send_signal(os.pidfd_open(t.neighbour), signal.SIGCONT),
        "signal_by_owner_of_a_pipe": lambda t: fcntl.fcntl(os.pipe()[0], fcntl.F_SETOWN, t.neighbour),
        "signal_by_owner_and_number": lambda t: fcntl.fcntl(os.pipe()[0], fcntl.F_SETSIG, signal.SIGKILL),
        "signal_by_extended_owner": lambda t: fcntl.fcntl(os.pipe()[0], 15, struct.pack("ii", 1, t.neighbour)),
        "signal_by_owner_of_a_socket": lambda t: fcntl.ioctl(
            socket.socketpair()[0], 0x8901, struct.pack("i", t.neighbour)
        ),
        "trace": lambda t: call(101, 117, 0x4206, t.neighbour, 0, 0),  # PTRACE_SEIZE
        "read_memory": lambda t: _transfer_memory(t, 310, 270),
        "write_memory": lambda t: _transfer_memory(t, 311, 271),
        "limit_a_neighbour": lambda t: resource.prlimit(t.neighbour, resource.RLIMIT_CORE, (0, 0)),
        "pin_a_neighbour": lambda t: os.sched_setaffinity(t.neighbour, {0}),
        "slow_a_neighbour": lambda t: os.setpriority(os.PRIO_PROCESS, t.neighbour, 19),
        "starve_a_neighbour": lambda t: call(251, 30, 1, t.neighbour, 3 << 13),
        "compare_with_a_neighbour": lambda t: call(312, 272, os.getpid(), t.neighbour, 1, 0, 0),
        "move_memory_of_a_neighbour": lambda t: call(
            256, 238, t.neighbour, 64, struct.pack("Q", 1), struct.pack("Q", 1)
        ),
        "watch_a_neighbour": lambda t: _perf(t.neighbour),
        "take_a_descriptor": lambda t: call(438, 438, os.pidfd_open(t.neighbour), 0, 0),
    }
)


# Many processes


def _child(pid: int) -> None:
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)


@attack
def fork_many(t: Targets) -> None:
    for _ in range(20):
        _child(os.fork())


@attack
def fork_a_daemon(t: Targets) -> None:
    pid = os.fork()
    if pid == 0:
        os.setsid()
        _child(os.fork())
    _child(pid)


@attack
def spawn_a_python(t: Targets) -> None:
    process = multiprocessing.get_context("fork").Process(target=os.getpid)
    process.start()
    process.join()


@attack
def lead_a_session(t: Targets) -> None:
    if os.getpid() == os.getsid(0):
        raise PermissionError("a leader cannot leave")
    os.setsid()


ATTACKS.update(
    {
        "fork": lambda t: _child(os.fork()),
        "fork_by_number": lambda t: _child(call(56, 220, signal.SIGCHLD, 0, 0, 0, 0)),
        "fork_the_new_way": lambda t: _child(
            call(435, 435, struct.pack("11Q", 0, 0, 0, 0, signal.SIGCHLD, 0, 0, 0, 0, 0, 0), 88)
        ),
        "run_a_program": lambda t: subprocess.run(["/bin/true"], check=True),
        "run_a_shell": lambda t: sure(os.system("true") == 0),
        "spawn_a_program": lambda t: os.waitpid(os.posix_spawn("/bin/true", ["true"], {}), 0),
        "open_a_terminal": lambda t: os.openpty(),
        "outlive_the_engine": lambda t: call(157, 167, 1, 0, 0, 0, 0),  # PR_SET_PDEATHSIG
    }
)


# Privileges and namespaces


@attack
def have_capabilities(t: Targets) -> None:
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    assert int(status["CapPrm"], 16) & ~0b110  # but the right to look, which Landlock narrows


@attack
def mount(t: Targets) -> None:
    call(165, 40, b"none", bytes(t.folder), b"tmpfs", 0, 0)
    call(166, 39, bytes(t.folder), 0)


ATTACKS.update(
    {
        "become_another_user": lambda t: os.setresuid(12346, 12346, 12346),
        "become_another_group": lambda t: os.setresgid(12346, 12346, 12346),
        "gain_by_a_program": lambda t: sure("NoNewPrivs:\t0" in Path("/proc/self/status").read_text()),
        "unshare_the_user": lambda t: call(272, 97, 0x10000000),
        "unshare_the_mounts": lambda t: call(272, 97, 0x00020000),
        "unshare_in_a_child": lambda t: _child(call(56, 220, 0x10000000 | signal.SIGCHLD, 0, 0, 0, 0)),
        "enter_a_namespace": lambda t: call(308, 268, os.open("/proc/self/ns/net", os.O_RDONLY), 0),
        "mount_the_new_way": lambda t: os.close(call(430, 430, b"tmpfs", 0)),
        "open_a_tree": lambda t: os.close(call(428, 428, -100, bytes(t.folder), 1)),
        "change_the_root": lambda t: os.chroot("."),
        "name_the_host": lambda t: socket.sethostname(socket.gethostname()),
    }
)


# Doors into the Linux kernel


def _perf(pid: int) -> None:
    os.close(call(298, 241, struct.pack("IIQ", 1, 112, 1) + bytes(96), pid, -1, -1, 0))


@attack
def make_a_named_queue(t: Targets) -> None:
    name = Path(t.tmp_file).name.encode()
    os.close(call(240, 180, name, os.O_CREAT | os.O_RDWR, 0o600, 0))
    call(241, 181, name)


@alone
def call_in_32_bits(t: Targets) -> None:
    """getpid, by the old gate, where the numbers of calls are others."""
    assert platform.machine() == "x86_64"
    code = b"\xb8\x14\x00\x00\x00\xcd\x80\xc3"
    page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    page.write(code)
    gate = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))
    assert gate() == os.getpid()


ATTACKS.update(
    {
        "watch_itself": lambda t: _perf(0),
        "make_a_bpf_map": lambda t: os.close(call(321, 280, 0, struct.pack("5I", 2, 4, 4, 1, 0) + bytes(100), 72)),
        "make_a_ring": lambda t: os.close(call(425, 425, 1, bytes(120))),
        "look_at_keys": lambda t: call(250, 219, 0, -3, 1),  # KEYCTL_GET_KEYRING_ID
        "add_a_key": lambda t: call(248, 217, b"user", b"anb-test", b"x", 1, -1),  # into the thread's own keyring
        "make_a_file_of_memory": lambda t: os.close(os.memfd_create("memory")),
        "handle_page_faults": lambda t: os.close(call(323, 282, 1)),
        "watch_files": lambda t: os.close(call(294, 26, 0)),
        "watch_all_files": lambda t: os.close(call(300, 262, 0, 0)),
        "make_a_segment": lambda t: call(31, 195, call(29, 194, 0, 4096, 0o1600), 0, 0),
        "make_a_semaphore": lambda t: call(66, 191, call(64, 190, 0, 1, 0o1600), 0, 0, 0),
        "make_a_message_queue": lambda t: call(71, 187, call(68, 186, 0, 0o1600), 0, 0),
        "change_the_personality": lambda t: call(135, 92, 0x0040000),
        "read_the_log": lambda t: call(103, 116, 10, 0, 0),
        "make_a_timer": lambda t: call(222, 107, 1, 0, bytes(8)),
    }
)


# Network


@attack
def find_a_family(t: Targets) -> None:
    """Any of them but AF_UNIX, of any type."""
    for family in {*range(2, 50)}:
        for kind in (1, 2, 3, 5):
            try:
                socket.socket(family, kind).close()
            except OSError:
                continue
            return
    raise PermissionError("there is none")


ATTACKS.update(
    {
        "connect_tcp": lambda t: socket.create_connection(("127.0.0.1", t.tcp), 2),
        "connect_tcp_6": lambda t: socket.socket(socket.AF_INET6),
        "listen_tcp": lambda t: socket.create_server(("127.0.0.1", 0)),
        "send_udp": lambda t: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", t.udp)),
        "send_raw": lambda t: socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP),
        "sniff": lambda t: socket.socket(socket.AF_PACKET, socket.SOCK_RAW),
        "talk_to_the_kernel": lambda t: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW),
        "talk_to_the_hypervisor": lambda t: socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM),
        "connect_unix": lambda t: socket.socket(socket.AF_UNIX).connect(str(t.world / "stream")),
        "connect_unix_through_a_symlink": lambda t: socket.socket(socket.AF_UNIX).connect(
            str(link_to(t.world / "stream"))
        ),
        "connect_unix_abstract": lambda t: socket.socket(socket.AF_UNIX).connect(t.abstract),
        "send_unix": lambda t: socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b"x", str(t.world / "datagram")),
        "send_unix_from_a_pair": lambda t: socket.socketpair(type=socket.SOCK_DGRAM)[0].sendto(
            b"x", str(t.world / "datagram")
        ),
        "connect_unix_in_packets": lambda t: socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET),
    }
)


# Using things up


@attack
def lock_memory(t: Targets) -> None:
    memory = mmap.mmap(-1, 2**20)
    call(149, 228, ctypes.addressof(ctypes.c_char.from_buffer(memory)), 2**20)


@attack
def raise_a_limit(t: Targets) -> None:
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    assert hard == resource.getrlimit(resource.RLIMIT_AS)[1] == resource.RLIM_INFINITY


@attack
def make_a_big_file(t: Targets) -> None:
    with Path("big").open("wb") as file:
        file.seek(t.scratch_bytes)
        file.write(b"x")
    Path("big").unlink()


@attack
def make_a_sparse_file(t: Targets) -> None:
    with Path("sparse").open("wb") as file:
        file.truncate(2**40)
    Path("sparse").unlink()


@attack
def reserve_disk(t: Targets) -> None:
    with Path("reserved").open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, t.scratch_bytes + 1)
    Path("reserved").unlink()


@attack
def start_many_threads(t: Targets) -> None:
    threading.stack_size(2**16)
    done = threading.Event()
    threads = [threading.Thread(target=done.wait, daemon=True) for _ in range(t.threads)]
    try:
        for thread in threads:
            thread.start()
    finally:
        done.set()
        for thread in threads:
            if thread.ident:
                thread.join()
        threading.stack_size(0)


@attack
def open_many_files(t: Targets) -> None:
    files: list[int] = []
    try:
        files.extend(os.dup(0) for _ in range(900))
    finally:
        for file in files:
            os.close(file)


@attack
def run_in_real_time(t: Targets) -> None:
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    assert os.sched_getscheduler(0) == os.SCHED_FIFO
    os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))


ATTACKS.update(
    {
        "allocate_memory": lambda t: mmap.mmap(-1, t.memory_bytes).close(),
        "grow_a_pipe": lambda t: fcntl.fcntl(os.pipe()[1], fcntl.F_SETPIPE_SZ, 2**20),
        "dump_core": lambda t: resource.setrlimit(
            resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
        ),
        "have_a_crash_collected": lambda t: resource.setrlimit(resource.RLIMIT_CORE, (0, 0)),
        "go_first": lambda t: os.setpriority(os.PRIO_PROCESS, 0, -1),
    }
)


def run(name: str, targets: dict[str, Any]) -> str:
    """Empty if the attack got through, else what stopped it."""
    paths = {key: Path(targets[key]) for key in ("world", "home", "connection")}
    own = {"name": name, "file": paths["world"] / "files" / name, "folder": paths["world"] / "folders" / name}
    try:
        ATTACKS[name](Targets(**{**targets, **paths, **own}))
    except BaseException as error:  # noqa: BLE001
        return f"{type(error).__name__}: {error}"
    return ""


def main(names: list[str], targets: dict[str, Any], *, apart: bool) -> None:
    """Prints one JSON object a line, name to outcome. `apart`: in a process each, so that no attack disturbs the next."""
    for name in names:
        if apart and os.fork():
            os.wait()
            continue
        print(json.dumps({name: run(name, targets)}), flush=True)
        if apart:
            os._exit(0)


if __name__ == "__main__":
    main(**json.loads(sys.argv[1]))
