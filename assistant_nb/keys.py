"""What a key looks like, and which variables hold one. The one home of these two patterns."""

import re
from typing import Final

KEY: Final = re.compile(
    r"""(?<![A-Za-z])(?:(?:g?sk|sess|xai|hf)[-_]|AIza)[\w-]{8,}   # a key
    |(?<=://)[^/@\s]+(?=@)                                       # credentials in an address
    """,
    re.VERBOSE,
)
HOLDS_KEY: Final = re.compile("key|token|secret|pass|credential|auth", re.IGNORECASE)
"""Found in the name of a variable of the environment that holds a key."""
