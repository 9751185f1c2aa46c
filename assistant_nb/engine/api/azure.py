"""The addresses of Azure OpenAI, for tutorials that were written there. Pure.

They lead to the operations of `/v1`: `/openai/threads` and `/openai/v1/threads` to `/v1/threads`, and
`/openai/deployments/gpt-4o/chat/completions` to `/v1/chat/completions` with that model. Azure asks for no beta
header: its `api-version`, of which any is taken, stands for it.

Source: "Azure OpenAI in Azure AI Foundry Models REST API reference".
"""

import re
from typing import Final, NamedTuple

API_VERSION: Final = "2024-05-01-preview"
"""The first one that had all of version 2."""
_PATH: Final = re.compile(
    r"(?:/v1)?/openai(?:/v1)?(?:/deployments/(?P<model>[^/]+)(?=/chat/completions$))?(?P<rest>/.+)"
)


class Address(NamedTuple):
    """`Address("/v1/chat/completions", "gpt-4o", True)`"""

    path: str
    model: str | None
    is_azure: bool


def plain(path: str) -> Address:
    """The address under `/v1` that a path means; any other path as it is."""
    if found := _PATH.fullmatch(path):
        return Address(f"/v1{found['rest']}", found["model"], True)
    return Address(path, None, False)
