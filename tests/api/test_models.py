import openai
import pytest

from assistant_nb.engine.app import create_app
from tests.conftest import Connect


def test_the_models_are_those_of_the_recordings(connect: Connect) -> None:
    client = connect(app=create_app())
    names = [model.id for model in client.models.list()]
    assert names == sorted(names)
    assert "gpt-4-1106-preview" in names
    assert client.models.retrieve(names[0]).object == "model"


def test_a_model_that_nobody_offers_is_not_found(connect: Connect) -> None:
    with pytest.raises(openai.NotFoundError, match="The model 'org/none' does not exist") as missing:
        connect().models.retrieve("org/none")
    assert missing.value.code == "model_not_found"


def test_threads_can_be_listed(connect: Connect) -> None:
    client = connect()
    ids = [client.beta.threads.create().id for _ in range(3)]
    page = client.get("/threads", cast_to=object, options={"params": {"limit": 2}})
    assert [thread["id"] for thread in page["data"]] == ids[:0:-1]  # type: ignore[index]
