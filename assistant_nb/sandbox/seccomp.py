"""The system calls that code in the sandbox may make, as a table, and its translation to a filter. Pure.

Calls that the table does not name are answered with ENOSYS, like calls that Linux does not know. Libraries then try
another way. This refuses ptrace, mounts, namespaces, bpf, perf, io_uring, keyrings, memfd, inotify, System V IPC, and
calls of the future. The compiler is our own, because pyseccomp needs a C library that learners do not have.

Source: linux/seccomp.h, linux/bpf_common.h; numbers: asm/unistd_64.h (x86-64) and asm-generic/unistd.h (aarch64).
"""

import errno
import struct

# name=number on x86-64/number on aarch64; "-": it does not exist there

ALLOWED = """
    read=0/63 write=1/64 pread64=17/67 pwrite64=18/68 readv=19/65 writev=20/66 preadv=295/69 pwritev=296/70
    preadv2=327/286 pwritev2=328/287 open=2/- openat=257/56 creat=85/- close=3/57 close_range=436/436 lseek=8/62
    stat=4/- fstat=5/80 lstat=6/- newfstatat=262/79 statx=332/291 access=21/- faccessat=269/48
    faccessat2=439/439 readlink=89/- readlinkat=267/78 getdents=78/- getdents64=217/61 getcwd=79/17 chdir=80/49
    fchdir=81/50 mkdir=83/- mkdirat=258/34 rmdir=84/- unlink=87/- unlinkat=263/35 rename=82/- renameat=264/38
    renameat2=316/276 link=86/- linkat=265/37 symlink=88/- symlinkat=266/36 truncate=76/45 ftruncate=77/46
    fallocate=285/47 fsync=74/82 fdatasync=75/83 fadvise64=221/223 readahead=187/213 copy_file_range=326/285
    sendfile=40/71 dup=32/23 dup2=33/- dup3=292/24 flock=73/32 umask=95/166 statfs=137/43 fstatfs=138/44
    pipe=22/- pipe2=293/59

    mmap=9/222 munmap=11/215 mprotect=10/226 mremap=25/216 madvise=28/233 brk=12/214 mincore=27/232 msync=26/227
    membarrier=324/283

    execve=59/221 exit=60/93 exit_group=231/94 wait4=61/260 waitid=247/95 futex=202/98 set_robust_list=273/99
    rseq=334/293 set_tid_address=218/96 arch_prctl=158/- sched_yield=24/124 sched_getaffinity=204/123
    sched_getparam=143/121 sched_getscheduler=145/120 sched_get_priority_max=146/125 sched_get_priority_min=147/126
    getpriority=140/141 getcpu=309/168 gettid=186/178 getpid=39/172 getppid=110/173 getuid=102/174 geteuid=107/175
    getgid=104/176 getegid=108/177 getresuid=118/148 getresgid=120/150 getgroups=115/158 getpgid=121/155
    getpgrp=111/- getsid=124/156 getrlimit=97/163 getrusage=98/165 times=100/153 sysinfo=99/179
    uname=63/160 capget=125/90 getrandom=318/278

    rt_sigaction=13/134 rt_sigprocmask=14/135 rt_sigreturn=15/139 rt_sigpending=127/136 rt_sigtimedwait=128/137
    rt_sigsuspend=130/133 sigaltstack=131/132 restart_syscall=219/128 pause=34/- alarm=37/- setitimer=38/103
    getitimer=36/102 signalfd4=289/74

    clock_gettime=228/113 clock_getres=229/114 clock_nanosleep=230/115 nanosleep=35/101 gettimeofday=96/169
    time=201/-

    poll=7/- ppoll=271/73 select=23/- pselect6=270/72 epoll_create=213/- epoll_create1=291/20 epoll_ctl=233/21
    epoll_wait=232/- epoll_pwait=281/22 epoll_pwait2=441/441 eventfd=284/- eventfd2=290/19 timerfd_create=283/85
    timerfd_settime=286/86 timerfd_gettime=287/87

    bind=49/200 listen=50/201 accept=43/202 accept4=288/242 getsockname=51/204 getpeername=52/205 sendto=44/206
    recvfrom=45/207 sendmsg=46/211 recvmsg=47/212 shutdown=48/210 setsockopt=54/208 getsockopt=55/209
"""

ANSWERED = {
    # Answered as done, without doing it. Landlock does not control a file's mode, owner and times, even outside.
    # `shutil.copy2` and unzip must go on, and libzmq aborts if the scheduler refuses.
    0: """
    chmod=90/- fchmod=91/52 fchmodat=268/53 fchmodat2=452/452 chown=92/- fchown=93/55 lchown=94/- fchownat=260/54
    utime=132/- utimes=235/- futimesat=261/- sched_setscheduler=144/119
    """,
    errno.EPERM: "fork=57/- vfork=58/- setrlimit=160/164",
    errno.ECONNREFUSED: "connect=42/203",
    # Landlock does not control extended attributes. `shutil` knows file systems that answer "not supported".
    errno.EOPNOTSUPP: """
    setxattr=188/5 lsetxattr=189/6 fsetxattr=190/7 getxattr=191/8 lgetxattr=192/9 fgetxattr=193/10 listxattr=194/11
    llistxattr=195/12 flistxattr=196/13 removexattr=197/14 lremovexattr=198/15 fremovexattr=199/16
    """,
}

Rule = tuple[int, int, list[int | str]]
"""A word of the arguments, the bits that are compared, and the allowed values."""
OWN = "the number of the process itself"
ALLOW = -1
_ALL = 0xFFFFFFFF
_CLONE_THREAD, _CLONE_NEW = 0x10000, 0x7E020000
_AF_UNIX, _SOCK_STREAM, _SOCK_TYPES = 1, 1, 0xF
# Words of 32 bits in the arguments: each has two, the lower half first. Most calls use only the lower half.
_FIRST, _SECOND, _THIRD, _THIRD_UPPER = 0, 2, 4, 5
_OF_ITSELF: list[Rule] = [(_FIRST, _ALL, [OWN])]  # 0 would mean the group
_OF_ITSELF_OR_0: list[Rule] = [(_FIRST, _ALL, [0, OWN])]
_UNIX_STREAM: list[Rule] = [
    (_FIRST, _ALL, [_AF_UNIX]),
    (_SECOND, _SOCK_TYPES, [_SOCK_STREAM]),  # a datagram needs no connection
]

# The rules; the answer if all rules hold; the answer otherwise
CHECKED: dict[str, tuple[list[Rule], int, int]] = {
    "clone=56/220": ([(_FIRST, _CLONE_THREAD | _CLONE_NEW, [_CLONE_THREAD])], ALLOW, errno.EPERM),
    "socket=41/198": (_UNIX_STREAM, ALLOW, errno.EOPNOTSUPP),
    "socketpair=53/199": (_UNIX_STREAM, ALLOW, errno.EOPNOTSUPP),
    "kill=62/129": (_OF_ITSELF, ALLOW, errno.EPERM),
    "tgkill=234/131": (_OF_ITSELF, ALLOW, errno.EPERM),
    "sched_setaffinity=203/122": (_OF_ITSELF_OR_0, ALLOW, errno.EPERM),
    # No new limits: with one, a crash could give its memory to the system's collector of crashes
    "prlimit64=302/261": ([*_OF_ITSELF_OR_0, (_THIRD, _ALL, [0]), (_THIRD_UPPER, _ALL, [0])], ALLOW, errno.EPERM),
    # PR_SET_NAME, PR_GET_NAME, PR_SET_VMA; above all not PR_SET_PDEATHSIG
    "prctl=157/167": ([(_FIRST, _ALL, [15, 16, 0x53564D41])], ALLOW, errno.EINVAL),
    # TCGETS, TIOCGWINSZ, FIONREAD, FIONBIO, FIONCLEX, FIOCLEX; not TIOCSTI, FIOSETOWN
    "ioctl=16/29": ([(_SECOND, _ALL, [0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451])], ALLOW, errno.ENOTTY),
    # F_DUPFD to F_SETLKW, F_DUPFD_CLOEXEC, locks of open files; not F_SETOWN and F_SETSIG: they can kill a neighbour
    "fcntl=72/25": ([(_SECOND, _ALL, [0, 1, 2, 3, 4, 5, 6, 7, 36, 37, 38, 1030])], ALLOW, errno.EPERM),
    # Without times the call comes from `Path.touch`, which makes no file if this call succeeds
    "utimensat=280/88": ([(_THIRD, _ALL, [0])], errno.EPERM, 0),
}

_MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
_LOAD, _AND, _IF_EQUAL, _RETURN = 0x20, 0x54, 0x15, 0x06  # of 32-bit words
_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
_NUMBER_AT, _MACHINE_AT, _ARGUMENTS_AT = 0, 4, 16

Instruction = tuple[int, int, int, int]
"""Operation, jump if true, jump if false, operand."""


def calls(table: str, machine: str) -> dict[str, int]:
    """`calls("read=0/63 stat=4/-", "aarch64")` is `{"read": 63}`. Raises OSError for machines not in the table."""
    column, _ = _known(machine)
    rows = [(name, numbers.split("/")[column]) for name, _, numbers in (row.partition("=") for row in table.split())]
    return {name: int(number) for name, number in rows if number != "-"}


def program(machine: str, pid: int) -> bytes:
    """Return the filter for the process `pid`, as Linux takes it: 8 bytes an instruction.

    `machine` is the name that `os.uname` gives. Raises OSError if it is neither x86_64 nor aarch64.
    """
    code = [(_LOAD, 0, 0, _MACHINE_AT), (_IF_EQUAL, 1, 0, _known(machine)[1]), (_RETURN, 0, 0, _KILL)]
    code.append((_LOAD, 0, 0, _NUMBER_AT))
    for answer, table in {ALLOW: ALLOWED, **ANSWERED}.items():
        for number in calls(table, machine).values():
            code += [(_IF_EQUAL, 0, 1, number), _answer(answer)]
    for row, (rules, then, otherwise) in CHECKED.items():
        for number in calls(row, machine).values():
            body = [step for rule in rules for step in _rule(rule, pid, otherwise)] + [_answer(then)]
            code += [(_IF_EQUAL, 0, len(body), number), *body]
    code.append(_answer(errno.ENOSYS))
    return b"".join(struct.pack("=HBBI", *step) for step in code)


def _known(machine: str) -> tuple[int, int]:
    """Return the column of a machine's numbers, and its name in the filter."""
    if machine not in _MACHINES:
        raise OSError(f"the numbers of the system calls of {machine} are not known, only of {' and '.join(_MACHINES)}")
    return _MACHINES[machine]


def _rule(rule: Rule, pid: int, otherwise: int) -> list[Instruction]:
    """Return the instructions that go on if the word has one of the values."""
    word, mask, allowed = rule
    values = [value if isinstance(value, int) else pid for value in allowed]
    tests = [(_IF_EQUAL, len(values) - n, 0, value) for n, value in enumerate(values)]
    return [(_LOAD, 0, 0, _ARGUMENTS_AT + 4 * word), (_AND, 0, 0, mask), *tests, _answer(otherwise)]


def _answer(error: int) -> Instruction:
    return (_RETURN, 0, 0, _ALLOW if error == ALLOW else _ERRNO | error)
