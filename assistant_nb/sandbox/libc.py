"""System calls of Linux for which Python has no function."""

import ctypes
import os

_LIBC = ctypes.CDLL(None, use_errno=True)
_LIBC.syscall.restype = ctypes.c_long


def syscall(number: int, *args: int | bytes | None) -> int:
    """Make a system call. Bytes are passed by their address. Raises OSError."""
    return _checked(_LIBC.syscall(ctypes.c_long(number), *map(_word, args)))


def prctl(option: int, *args: int | bytes) -> int:
    """Make the call `prctl`. Raises OSError."""
    words = [_word(arg) for arg in (*args, 0, 0, 0, 0)[:4]]
    return _checked(_LIBC.prctl(ctypes.c_int(option), *words))


def address(data: bytes) -> int:
    """Return the address of bytes. Keep a reference to them while the address is in use."""
    return ctypes.cast(ctypes.c_char_p(data), ctypes.c_void_p).value or 0


def _word(arg: int | bytes | None) -> ctypes.c_ulong | ctypes.c_char_p:
    return ctypes.c_ulong(arg) if isinstance(arg, int) else ctypes.c_char_p(arg)


def _checked(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result
