"""`/v1/chat/completions`: the other way to a model, for lessons that set the two side by side. Nothing is stored."""

from collections.abc import Generator, Iterator
from dataclasses import replace
from itertools import chain, count
from typing import Any

from ..errors import ApiError, BadRequest, ModelError, NoAnswer, RateLimited, Unanswered
from ..model.base import Anew, Delta, Finish, Prompt
from ..model.fingerprint import essence, fingerprint
from ..params.chat import CreateChatCompletion
from ..runs.answer import told
from ..runs.prompt import check_choice
from .base import Answer, Call, Route, Stream
from .completions import Chunk, Completion, prompt_of


def create(call: Call[CreateChatCompletion]) -> Answer:
    body = call.params
    prompt = prompt_of(body)
    check_choice(prompt.tool_choice, prompt.tools)
    with call.store.transaction():
        id = call.store.new_id("chat.completion")
        prompt = replace(prompt, number=call.store.count(f"chat {fingerprint(essence(prompt))}"))
    call_ids = (call.store.derive_id("tool_call", id, n) for n in count())
    completion = Completion(id, call.store.time(), prompt, call_ids)
    parts = _parts(call, prompt)
    if not body.get("stream"):
        for part in parts:
            if isinstance(part, Anew):
                completion = Completion(id, completion.created, prompt, call_ids)
            else:
                list(completion.take(part))
        return completion.whole()
    first = next(parts)  # what fails at once gets its status
    completion.counted = body.get("stream_options", {}).get("include_usage", False)
    chunks = _chunks(completion, chain([first], parts))
    return Stream((("", chunk) for chunk in chunks), parts.close, named=False)


def _chunks(completion: Completion, parts: Iterator[Delta]) -> Iterator[Chunk]:
    yield completion.chunk({"role": "assistant", "content": "", "refusal": None})
    for part in parts:
        if isinstance(part, Anew):
            raise NoAnswer(f"The answer broke off ({part.why}). Ask again: another model is ready to answer.")
        yield from map(completion.chunk, completion.take(part))
    yield {**completion.chunk({}, completion.reason), "provenance": completion.finish.provenance}
    if completion.counted:
        yield {**completion.chunk(None), "usage": completion.usage()}


def _parts(call: Call[object], prompt: Prompt) -> Generator[Delta, None, None]:
    """The model's answer to its end. Raises ApiError for what goes wrong in it."""
    model = call.runner.model
    try:
        for part in model.ask(prompt):
            yield part
            if isinstance(part, Finish):
                return
    except Unanswered:
        raise BadRequest(
            "A person plays the model here, and only runs wait for one. Ask by a run, or let rules"
            ' answer:\nclient.post("/lab/model", cast_to=object, body={"model": "practice"})'
        ) from None
    except ModelError as error:
        raise _refusal(error) from error
    except Exception as error:
        raise NoAnswer(f"The model '{model.name}' broke: {told(error)}.") from error
    raise NoAnswer(f"The model '{model.name}' stopped in the middle of its answer.")


def _refusal(error: ModelError) -> ApiError:
    kind = {"rate_limit_exceeded": RateLimited, "invalid_prompt": BadRequest}.get(error.code, NoAnswer)
    return kind(str(error), code=error.code)


ROUTES: list[Route[Any]] = [Route("POST", "/v1/chat/completions", create, CreateChatCompletion, beta=False)]
