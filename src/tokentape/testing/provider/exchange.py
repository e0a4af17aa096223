"""One request on its way to a script: which API it speaks, and what can be said in that API."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from tokentape.testing.provider.behaviour import natural
from tokentape.testing.provider.faults import interrupted
from tokentape.testing.provider.reading import parsed
from tokentape.testing.provider.script import Framing, Script, Send, reply
from tokentape.testing.provider.shelf import Asked, Shelf
from tokentape.wire.message import header

if TYPE_CHECKING:
    from collections.abc import Callable

    from tokentape.testing.provider.routes import Route, Service
    from tokentape.testing.provider.seen import Seen
    from tokentape.testing.provider.turn import Question, Serial, Turn
    from tokentape.wire.interaction import Json
    from tokentape.wire.message import Headers


@dataclass(frozen=True)
class Exchange:
    """A request, the route it takes, and the serial its reply gets."""

    seen: Seen
    route: Route
    serial: Serial
    parallel: int = 1
    shelf: Shelf = field(default_factory=Shelf)

    @cached_property
    def body(self) -> Json:
        """The request's JSON; None where none is expected. Raises ValueError where it is none."""
        return None if self.route.is_form else parsed(self.seen.body)

    @cached_property
    def question(self) -> Question | None:
        """The question, where the route leads to a generated reply. Raises ValueError as `body` does."""
        if not self.route.generates:
            return None
        return self.route.api.question(self.body, self.seen.path)

    def natural(self) -> Script:
        """The reply that nobody scripted."""
        if not self.route.known:
            return self.fail(404, f"Invalid URL ({self.seen.method} {self.seen.path})")
        return self._spoken(lambda question: natural(question, self.serial.n, self.parallel))

    def say(self, turn: Turn) -> Script:
        """The reply that says `turn`, streamed if the client asked for a stream."""
        return self._spoken(lambda question: turn)

    def _spoken(self, answer: Callable[[Question], Turn]) -> Script:
        try:
            body, question = self.body, self.question
        except ValueError:
            return self.fail(400, "We could not parse the JSON body of your request.")
        if self.route.service is not None:
            return self._served(self.route.service)
        if self.route.endpoint is not None:
            return self._plain(self.route.endpoint(self.seen, body, self.serial), self.route.media)
        assert question is not None, "a known route generates, or has an endpoint"
        return self._said(question, answer(question))

    def _served(self, service: Service) -> Script:
        told = service(Asked(self.seen, self.body, self.serial, self.shelf))
        if told.status >= 400:
            return self.fail(told.status, told.body.decode())
        return self._plain(told.body, told.media)

    def _said(self, question: Question, turn: Turn) -> Script:
        api = self.route.api
        if self.route.keeps is not None:
            self.route.keeps(question, turn, self.serial, self.shelf)
        if not question.stream:
            return self._plain(api.whole(question, turn, self.serial))
        events = api.events(question, turn, self.serial)
        headers = api.headers(self.serial)
        return reply(events, headers=headers, content_type=api.stream_type, framing=Framing.CHUNKED)

    def fail(self, status: int, message: str, headers: Headers = ()) -> Script:
        """An error reply in the API's own shape."""
        api = self.route.api
        own = tuple(field for field in api.headers(self.serial) if header(headers, field[0]) is None)
        body = api.error(status, message, self.serial)
        return reply(body, status, own + headers, content_type=api.json_type)

    def broken_off(self, script: Script, status: int, message: str, after: int | None = None) -> Script:
        """The script with an event that tells an error after so many (None: half), in place of the rest."""
        events = sum(isinstance(step, Send) for step in script) // 2 if after is None else after
        error = self.route.api.error_event(status, message, self.serial, events)
        return interrupted(Send(error), after=events)(script)

    def _plain(self, body: bytes, media: str | None = None) -> Script:
        api = self.route.api
        return reply(body, headers=api.headers(self.serial), content_type=media or api.json_type)
