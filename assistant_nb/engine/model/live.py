"""A model that asks an endpoint: anything that speaks chat completions, such as OpenAI, Ollama, vLLM or llama.cpp.

The official SDK sends the requests. It tries again after 408, 409, 429 and 5xx, and after a failed connection. It waits
as long as `Retry-After` says, if that is at most two minutes. Answers are always streamed.
"""

import re
import ssl
import threading
import weakref
from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, cast
from urllib.parse import parse_qsl, unquote, urlsplit, urlunsplit

from ..errors import ModelError
from ..parts import Provenance
from . import address
from . import endpoint_errors as wrong
from .base import Delta, Finish, Prompt, TextDelta, ToolCallDelta, call_deltas, estimate_tokens, tool_name
from .budget import Booking, Budget
from .chat import Answer, Chunk, Request, Tokens, by_schema, call_in, forced_tools, request_of

if TYPE_CHECKING:
    from openai import APIConnectionError, APIStatusError, OpenAI, Stream
    from openai.types.chat import ChatCompletionChunk

CONNECT_S: Final = 10.0
STALL_S: Final = 120.0
"""Long enough for a laptop that reads a long prompt."""
RETRIES: Final = 2

_SHORTEST_SECRET: Final = 6
"""A shorter text is no secret, and would be found in many texts."""


class Live:
    """Asks `model` at `base_url`. Without a model, asks the one that each run names.

    `base_url` may bring credentials and a query; they are sent, and shown nowhere, as the `api_key`. `connect_s`
    limits the time until the endpoint takes the call, `stall_s` a silence, before the first word or later; both end the
    answer. After other failures before the first word `retries` are made. `budget` is what the process may spend.

    Raises NoAddress, a ValueError, for a `base_url` that is none.
    """

    name = "live"

    def __init__(
        self,
        base_url: str,
        model: str | None = None,
        api_key: str | None = None,
        *,
        budget: Budget | None = None,
        connect_s: float = CONNECT_S,
        stall_s: float = STALL_S,
        retries: int = RETRIES,
    ) -> None:
        url = address.split(base_url)
        self.endpoint = url.hostname or ""
        self._model, self._budget = model, budget or Budget()
        self._connect_s, self._stall_s = min(connect_s, stall_s), stall_s
        self._secret = _Secret(api_key, url.username, url.password, *(value for _, value in parse_qsl(url.query)))
        self._connect: Callable[[], OpenAI] = lambda: _client(base_url, api_key, self._connect_s, stall_s, retries)
        self._client: OpenAI | None = None
        self._making = threading.Lock()
        self._spelled: dict[str, str] = {}
        """Names of fields at this endpoint, by their usual names. Empty: the endpoint does not know the field."""

    @property
    def models(self) -> Sequence[str]:
        return [self._model] if self._model else []

    def provenance(self) -> str:
        who = f"{self._model}, whatever model is asked for," if self._model else "the model asked for"
        return ", ".join(filter(None, [f"{who} at {self.endpoint}", str(self._budget)]))

    def reach(self) -> None:
        """Connect once, so that a wrong address is noticed before work begins. Raises ModelError."""
        import openai

        try:
            self._sdk().with_options(max_retries=0).models.with_raw_response.list()
        except wrong.Silence as silence:
            raise self._silent(silence) from None
        except openai.APIConnectionError as error:
            raise self._unreached(error) from None
        except openai.APIStatusError:
            """The endpoint answers. Not every endpoint lists its models."""

    def ask(self, prompt: Prompt) -> Iterator[Delta]:
        request = request_of(prompt, self._model or prompt.model)
        return self._forced(prompt, request) if forced_tools(prompt) else self._answered(prompt, request)

    def _forced(self, prompt: Prompt, request: Request) -> Iterator[Delta]:
        """Yield an answer that must call a tool. Its text waits for the call, and is dropped without one."""
        held, came = list[Delta](), False
        try:
            for delta in self._answered(prompt, request):
                held.append(delta)
                came = (
                    came or isinstance(delta, ToolCallDelta) or (isinstance(delta, Finish) and delta.reason == "length")
                )
                if came:
                    yield from held
                    held.clear()
        except ModelError as error:
            if came or error.code != "invalid_prompt" or "tool" not in str(error):
                raise
        if not came:
            yield from self._by_schema(prompt, request)

    def _by_schema(self, prompt: Prompt, request: Request) -> Iterator[Delta]:
        """Ask once more for a missing call, in a way that more endpoints know."""
        why = ""
        try:
            *said, finish = self._answered(prompt, by_schema(request))
        except ModelError as error:
            said, finish, why = [], None, str(error)
        call = call_in("".join(delta.text for delta in said if isinstance(delta, TextDelta)), prompt)
        if not call or not isinstance(finish, Finish):
            raise wrong.not_called(self.endpoint, [tool_name(tool) for tool in forced_tools(prompt)], why)
        yield from call_deltas(0, call)
        yield replace(finish, provenance={**finish.provenance, "called_by": "json_schema"})

    def _answered(self, prompt: Prompt, request: Request) -> Iterator[Delta]:
        model = request["model"]
        prompt_tokens = estimate_tokens(str(request["messages"]) + str(request.get("tools", "")))
        booking = self._budget.book(prompt_tokens, prompt.max_completion_tokens)
        if booking.limit is not None:
            request = {**request, "max_tokens": booking.limit}
        answer, opened = Answer(prompt), False
        try:
            with self._open(request) as stream:
                opened = True
                yield from self._heard(stream, answer, model)
            yield from answer.close(limited=booking.limit is not None)
            yield self._finish(prompt, model, answer, booking)
        finally:
            booking.settle(sum(_counted(answer.usage) or (prompt_tokens * opened, estimate_tokens(answer.text))))

    def _open(self, request: Request) -> "Stream[ChatCompletionChunk]":
        """Send the request, with the names of fields that this endpoint knows."""
        import openai

        while True:
            spelled: dict[str, Any] = {self._spelled.get(name, name): value for name, value in request.items()}
            spelled.pop("", None)
            try:
                stream: Stream[ChatCompletionChunk] = self._sdk().chat.completions.create(**spelled)
            except wrong.Silence as silence:
                raise self._silent(silence) from None
            except openai.APIConnectionError as error:
                raise self._unreached(error) from None
            except openai.APIStatusError as error:
                if not self._learned(error, spelled):
                    raise self._refused(error, request["model"]) from None
            else:
                return stream

    def _heard(self, stream: "Stream[ChatCompletionChunk]", answer: Answer, model: str) -> Iterator[Delta]:
        import openai

        chunks = 0
        try:
            for chunk in stream:
                chunks += 1
                yield from answer.take(cast(Chunk, chunk.to_dict(warnings=False)))
        except openai.APITimeoutError:
            raise wrong.fell_silent(self.endpoint, self._stall_s) from None
        except openai.APIConnectionError:
            raise wrong.cut_off(self.endpoint) from None
        except openai.APIError as error:  # an error in the stream
            words = self._secret.out_of(error.message)
            raise wrong.refused(self.endpoint, model, _status(error.code), str(error.code), words) from None
        except (AttributeError, KeyError, TypeError, ValueError):
            raise wrong.not_chunks(self.endpoint) from None
        if answer.reason == "content_filter":
            raise wrong.filtered(self.endpoint)
        if not answer.reason:
            content_type = stream.response.headers.get("content-type", "")
            raise wrong.cut_off(self.endpoint) if chunks else wrong.not_a_stream(self.endpoint, content_type)

    def _finish(self, prompt: Prompt, model: str, answer: Answer, booking: Booking) -> Finish:
        cut = answer.reason == "length"
        provenance: Provenance = {"answer": "live", "endpoint": self.endpoint, "model": model}
        if model != prompt.model:
            provenance["asked_for"] = prompt.model
        if answer.left_out.strip():
            provenance["left_out"] = answer.left_out
        if cut and booking.limit != prompt.max_completion_tokens:
            provenance["cut_by"] = "the cap of this process"
        if cut and booking.limit is None:
            provenance["cut_by"] = "a limit of the endpoint"
        prompt_tokens, completion_tokens = _counted(answer.usage) or (None, None)
        return Finish(provenance, prompt_tokens, completion_tokens, "length" if cut and booking.limit else "stop")

    def _learned(self, error: "APIStatusError", request: Container[str]) -> bool:
        """True if the endpoint has refused a field that has another name. That name is used from now on."""
        words = _words(error)
        if "stream_options" in request and "stream_options" in words:
            self._spelled["stream_options"] = ""
        elif "max_tokens" in request and "max_completion_tokens" in words:
            self._spelled["max_tokens"] = "max_completion_tokens"
        else:
            return False
        return True

    def _refused(self, error: "APIStatusError", model: str) -> ModelError:
        words = self._secret.out_of(_words(error))
        retry_after = error.response.headers.get("retry-after", "")
        return wrong.refused(self.endpoint, model, error.status_code, error.code or "", words, retry_after)

    def _silent(self, silence: wrong.Silence) -> ModelError:
        if silence.connected:
            return wrong.fell_silent(self.endpoint, self._stall_s)
        return wrong.connect_timed_out(self.endpoint, self._connect_s)

    def _unreached(self, error: "APIConnectionError") -> ModelError:
        import httpx2

        from .transport import Redirected

        causes = list(_causes(error))
        reason = self._secret.out_of(str(causes[-1])) or type(causes[-1]).__name__
        if _any(causes, Redirected):
            return wrong.sent_away(self.endpoint, reason)
        if _any(causes, httpx2.ProxyError):
            return wrong.proxy_failed(self.endpoint, reason)
        if _any(causes, ssl.SSLError):
            return wrong.not_trusted(self.endpoint, reason)
        return wrong.not_reached(self.endpoint, reason)

    def _sdk(self) -> "OpenAI":
        with self._making:
            if self._client is None:
                try:
                    self._client = self._connect()
                except (ImportError, ValueError) as error:  # a proxy that the HTTP library cannot use
                    raise wrong.proxy_failed(self.endpoint, self._secret.out_of(str(error))) from None
                weakref.finalize(self, self._client.close)
            return self._client


class _Secret:
    """Words that no message may hold."""

    def __init__(self, *words: str | None) -> None:
        known = {form for word in words if word for form in (word, unquote(word))}
        self._words = sorted((word for word in known if len(word) >= _SHORTEST_SECRET), key=len, reverse=True)

    def out_of(self, text: str) -> str:
        for word in self._words:
            text = text.replace(word, "…")
        return re.sub(r"(\w+://)[^/@\s]+@", r"\1", text)


def _client(base_url: str, api_key: str | None, connect_s: float, stall_s: float, retries: int) -> "OpenAI":
    """Return an SDK client without the key. Only the transport below it knows the key."""
    import httpx2
    from openai import DefaultHttpxClient, OpenAI

    from .transport import Transport

    url = urlsplit(base_url)
    bare = urlunsplit((url.scheme, url.netloc.rpartition("@")[2], url.path, "", ""))
    transport = Transport(url, api_key, stall_s)
    timeout = httpx2.Timeout(stall_s, connect=connect_s)
    http_client = DefaultHttpxClient(transport=transport, timeout=timeout)
    return OpenAI(
        base_url=bare, api_key="in-the-transport", max_retries=retries, timeout=timeout, http_client=http_client
    )


def _words(error: "APIStatusError") -> str:
    """Return what the endpoint says, whatever the shape of its error."""
    body: object = error.body
    while isinstance(body, dict):
        body = body.get("message") or body.get("detail") or body.get("error") or ""
    return str(body or "")


def _status(code: str | None) -> int:
    """Return the status of an error in a stream. It has none, but some endpoints send one as its code."""
    return int(code) if code and re.fullmatch(r"[45]\d\d", code) else 500


def _counted(usage: Tokens) -> tuple[int, int] | None:
    match usage:
        case {"prompt_tokens": int(prompt), "completion_tokens": int(completion)} if prompt >= 0 and completion >= 0:
            return prompt, completion
        case _:
            return None


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error:
        yield error
        error = error.__cause__ or error.__context__


def _any(causes: Sequence[BaseException], kind: type[BaseException]) -> bool:
    return any(isinstance(cause, kind) for cause in causes)
