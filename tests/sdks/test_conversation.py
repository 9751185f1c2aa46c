"""The installed SDK holds the conversation that `run.py` has with others, sync and async, over loopback."""

import sys

from tests.sdks.run import HERE, drive


def test_a_whole_conversation_sync_and_async() -> None:
    drive(sys.executable, HERE / "conversation.py")
