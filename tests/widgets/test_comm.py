"""A widget's comm in a real kernel: what a page says is heard, whichever page spoke before it."""

from collections.abc import Iterator
from typing import Any

import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import start_new_kernel

from tests.until import PATIENCE_S

WIDGET = """
import assistant_nb as anb
client = anb.connect()
view = anb.ThreadView(client, client.beta.threads.create())
print(view.model_id)
"""


class Kernel:
    """A kernel with a widget in it."""

    def __init__(self, client: BlockingKernelClient) -> None:
        self._client, self._said = client, list[dict[str, Any]]()
        client.execute_interactive(WIDGET, output_hook=self._said.append, timeout=PATIENCE_S)
        self._widget = "".join(one["content"].get("text", "") for one in self._said).split()[-1]

    def control(self, kind: str, **content: Any) -> Any:
        sent = self._client.session.msg(kind, content)
        self._client.control_channel.send(sent)
        return self._client.get_control_msg(timeout=PATIENCE_S)["content"]

    def greet(self, subshell: str | None) -> Any:
        """Send what a page sends first, to a subshell or to the kernel itself; return the answer or the refusal."""
        call = {"do": "hello", "call": 1, "view": "page", "args": {"view": "page"}}
        sent = self._client.session.msg(
            "comm_msg", {"comm_id": self._widget, "data": {"method": "custom", "content": call}}
        )
        sent["header"]["subshell_id"] = subshell
        self._client.shell_channel.send(sent)
        while True:
            heard = self._client.get_iopub_msg(timeout=PATIENCE_S)
            if "answers" in (said := heard["content"].get("data", {}).get("content", {})):
                return said["result"]
            if (
                heard["parent_header"].get("msg_id") == sent["msg_id"]
                and heard["content"].get("execution_state") == "idle"
            ):
                return None


@pytest.fixture
def kernel() -> Iterator[Kernel]:
    manager, client = start_new_kernel()
    try:
        yield Kernel(client)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def test_a_page_is_heard_after_an_earlier_page_took_its_subshell_away(kernel: Kernel) -> None:
    """JupyterLab does so when a page is loaded again, and when a notebook is closed and opened."""
    subshell = kernel.control("create_subshell_request")["subshell_id"]
    assert kernel.greet(subshell)["stem"] == "thread_view"
    assert kernel.control("delete_subshell_request", subshell_id=subshell)["status"] == "ok"
    answer = kernel.greet(None)
    assert answer and answer["stem"] == "thread_view"
