"""The installed SDK holds the conversations that `run.py` has with others, sync and async, over loopback."""

import sys

import openai

from tests.sdks.run import HERE, drive


def test_a_whole_conversation_sync_and_async() -> None:
    assert drive(sys.executable, HERE / "conversation.py").startswith(f"openai {openai.__version__} ")


def test_responses_and_conversations_sync_and_async() -> None:
    assert drive(sys.executable, HERE / "responses_sdk.py").startswith(f"responses: openai {openai.__version__} ")
