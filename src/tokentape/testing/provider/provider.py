"""The provider as tests hold it: start, stop, what it saw, and what it does next."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from hashlib import blake2b
from typing import TYPE_CHECKING, Self

from tokentape.testing.provider.exchange import Exchange
from tokentape.testing.provider.faults import late
from tokentape.testing.provider.personas.cast import Cast
from tokentape.testing.provider.plan import Plan, Planned
from tokentape.testing.provider.recorded import Recorded
from tokentape.testing.provider.routes import find
from tokentape.testing.provider.server import Server
from tokentape.testing.provider.shelf import Shelf
from tokentape.testing.provider.turn import Call, Serial, Turn

if TYPE_CHECKING:
    from types import TracebackType

    from tokentape.testing.provider.faults import Change
    from tokentape.testing.provider.personas.persona import Persona
    from tokentape.testing.provider.personas.references import References
    from tokentape.testing.provider.script import Script
    from tokentape.testing.provider.seen import Seen
    from tokentape.wire.interaction import Interaction, Json

Fields = Mapping[str, str] | tuple[tuple[str, str], ...]
"""Header fields for a plan: a mapping, or pairs where a name repeats."""


class Provider:
    """A provider of language models on a loopback port, in threads of its own.

    `gap`: seconds between two writes of a body, so that they arrive as separate chunks (on a busy
    machine a slow reader may still get several at once). `parallel`: how many tools an unscripted
    reply calls. `api_key`: the only key accepted, if given. `port` 0 takes a free one, and a
    provider that is started again takes the same.

    Plans (`answers`, `calls_tool`, `fails`, `changes`, `play`) wait in order; each request takes the
    first one that fits it. They take `path=` (the request's path must end so), `times=` (None: for
    ever) and `change=` (one of `faults`).
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        gap: float = 0.001,
        parallel: int = 1,
        api_key: str | None = None,
    ) -> None:
        self._host, self._port, self._gap = host, port, gap
        self._parallel, self._api_key = parallel, api_key
        self._server: Server | None = None
        self._plan = Plan()
        self._shelf = Shelf()
        self._seen: list[Seen] = []
        self._arrived = threading.Condition()
        self._asked: Counter[bytes] = Counter()
        self._delay: Callable[[Seen], float] | None = None
        self._recorded: Recorded | None = None
        self._cast = Cast(())
        self._unserved: list[Seen] = []

    # Life

    def start(self) -> Self:
        """Listen. RuntimeError if it does already; OSError if the port is taken."""
        if self._server is not None:
            raise RuntimeError("the provider is running already")
        self._server = Server(self._host, self._port, self._gap, self._respond)
        self._port = self._server.port
        return self

    def stop(self) -> None:
        """Close the port and all connections. Does nothing when not running."""
        server, self._server = self._server, None
        if server is not None:
            server.stop()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    async def __aenter__(self) -> Self:
        return self.start()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """`http://127.0.0.1:PORT`, without a path. RuntimeError before the first start."""
        if not self._port:
            raise RuntimeError("the provider has no port yet: start it first")
        return f"http://{self._host}:{self._port}"

    @property
    def port(self) -> int:
        """The port; 0 before the first start."""
        return self._port

    # What it saw

    @property
    def requests(self) -> list[Seen]:
        """All requests so far, in order of arrival (a copy)."""
        with self._arrived:
            return list(self._seen)

    @property
    def count(self) -> int:
        """How many requests arrived so far."""
        return len(self._seen)

    @property
    def connections(self) -> int:
        """How many connections were accepted since the last start."""
        return 0 if self._server is None else self._server.accepted

    @property
    def open_connections(self) -> int:
        """How many connections are open now."""
        return 0 if self._server is None else self._server.open_connections

    @property
    def planned(self) -> int:
        """How many plans were not used up."""
        return len(self._plan)

    def wait_for(self, count: int, timeout: float = 10.0) -> None:
        """Return when so many requests have arrived; TimeoutError after `timeout` seconds."""
        with self._arrived:
            if not self._arrived.wait_for(lambda: len(self._seen) >= count, timeout):
                raise TimeoutError(f"{len(self._seen)} of {count} requests after {timeout} s")

    def forget(self) -> None:
        """Forget requests, plans, personas, recordings, the delay, what is kept, and how often each came."""
        self._shelf.clear()
        self._plan.clear()
        self._recorded = None
        self._cast = Cast(())
        self._unserved.clear()
        self._delay = None
        with self._arrived:
            self._seen.clear()
            self._asked.clear()

    # What it does next

    def answers(
        self,
        text: str | Turn,
        *,
        times: int | None = 1,
        path: str = "",
        change: Change | None = None,
    ) -> None:
        """The next generated reply says this; a `Turn` says it with thinking, calls or a token limit."""
        turn = Turn(text) if isinstance(text, str) else text
        self._plan.add(Planned(lambda exchange: exchange.say(turn), path, times, True, change))

    def calls_tool(
        self,
        name: str,
        arguments: Mapping[str, Json],
        *more: tuple[str, Mapping[str, Json]],
        times: int | None = 1,
        path: str = "",
        change: Change | None = None,
    ) -> None:
        """The next generated reply calls this tool; `more` (name, arguments) are called in parallel."""
        calls = tuple(Call(*pair) for pair in ((name, arguments), *more))
        self.answers(Turn(calls=calls), times=times, path=path, change=change)

    def fails(
        self,
        status: int = 500,
        *,
        times: int | None = 1,
        headers: Fields = (),
        message: str | None = None,
        path: str = "",
        change: Change | None = None,
    ) -> None:
        """The next request gets an error in its own API's shape."""
        fields, text = pairs(headers), message or f"Scripted failure {status}."
        self._plan.add(
            Planned(lambda exchange: exchange.fail(status, text, fields), path, times, False, change)
        )

    def fails_midway(
        self,
        *,
        after: int = 2,
        status: int = 500,
        message: str = "Scripted failure in the stream.",
        path: str = "",
    ) -> None:
        """The next generated reply, asked for as a stream, ends with an error event after so many events."""

        def make(exchange: Exchange) -> Script:
            return exchange.broken_off(exchange.natural(), status, message, after)

        self._plan.add(Planned(make, path, generated=True))

    def changes(self, change: Change, *, times: int | None = 1, path: str = "") -> None:
        """The next request gets its natural reply, changed."""
        self._plan.add(Planned(Exchange.natural, path, times, False, change))

    def play(self, script: Script, *, times: int | None = 1, path: str = "") -> None:
        """The next request gets exactly this."""
        self._plan.add(Planned(lambda exchange: script, path, times))

    def acts_as(self, *personas: Persona, knowing: References | None = None) -> None:
        """From now on, models answer as these say, each by its own name; the first that fits a name plays it.

        `knowing` is what the right answers are. Plans go first; models that nobody plays answer as ever.
        """
        self._cast = Cast(personas, knowing)

    def serve_recorded(self, interactions: Iterable[Interaction]) -> None:
        """Answer each request with the recording of it: equal method, path with query, and body.

        Hosts do not count. Equal requests are answered in order; a request without a recording left
        (`unserved` has it) gets a 404. Chunk lengths of the recordings are the writes.
        """
        self._recorded = Recorded(interactions)

    @property
    def unserved(self) -> list[Seen]:
        """Requests that no recording was left for."""
        return list(self._unserved)

    @property
    def recordings_left(self) -> int:
        """How many recordings nobody asked for yet."""
        return 0 if self._recorded is None else len(self._recorded)

    def delay_by(self, delay: Callable[[Seen], float] | None) -> None:
        """Stall every reply by so many seconds; None stops it."""
        self._delay = delay

    # The way of one request

    def _respond(self, seen: Seen) -> Script:
        exchange = Exchange(seen, find(seen), self._note(seen), self._parallel, self._shelf)
        script = self._script(exchange)
        if self._delay is None:
            return script
        return late(self._delay(seen))(script)

    def _script(self, exchange: Exchange) -> Script:
        if not self._admits(exchange.seen):
            return exchange.fail(401, "Incorrect API key provided.")
        if planned := self._plan.take(exchange):
            return planned.script(exchange)
        if played := self._cast.script(exchange):
            return played
        return exchange.natural() if self._recorded is None else self._again(self._recorded, exchange)

    def _again(self, recorded: Recorded, exchange: Exchange) -> Script:
        script = recorded.take(exchange.seen)
        if script is None:
            self._unserved.append(exchange.seen)
            return exchange.fail(404, "No recording of this request is left.")
        return script

    def _note(self, seen: Seen) -> Serial:
        digest = blake2b(seen.target.encode("latin-1") + b"\n" + (seen.body or b""), digest_size=16).digest()
        with self._arrived:
            self._seen.append(seen)
            self._asked[digest] += 1
            self._arrived.notify_all()
            return Serial(digest, self._asked[digest])

    def _admits(self, seen: Seen) -> bool:
        if self._api_key is None:
            return True
        fields = ("authorization", "x-api-key", "x-goog-api-key", "api-key")
        shown = [(seen.header(name) or "").removeprefix("Bearer ") for name in fields]
        return self._api_key in (*shown, *seen.query.get("key", []))


def pairs(headers: Fields) -> tuple[tuple[str, str], ...]:
    """Header fields as pairs."""
    return tuple(headers.items()) if isinstance(headers, Mapping) else headers
