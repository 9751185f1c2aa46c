"""What can go wrong with the sandbox itself. An error in the code that runs there is output, not one of these.

SandboxError
├── NotContained    nothing on this machine contains code that a model wrote
└── KernelError     a kernel does not start, was closed, or cannot take a file
"""

from collections.abc import Sequence


class SandboxError(Exception):
    """The root. Catch it to catch everything that the sandbox raises on purpose."""


class NotContained(SandboxError):
    """Nothing on this machine contains code that a model wrote, so no code runs. `reasons` has one for each try."""

    def __init__(self, reasons: Sequence[str]) -> None:
        super().__init__(
            f"Nothing here contains code that a model wrote, so it is not run ({'; '.join(reasons)})."
            " It needs Linux 6.2 or newer with Landlock, or bubblewrap (`bwrap`) installed and allowed, or macOS."
        )
        self.reasons = reasons


class KernelError(SandboxError):
    """A kernel does not start, was closed, or cannot take a file."""
