"""Everything that outlives a call, and the snapshot of the configuration that a call begins with."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

from tokentape.cassettes.mode import RecordMode
from tokentape.gateway.conversations.affinity import Affinity
from tokentape.gateway.conversations.tracker import Tracker
from tokentape.gateway.counting import count
from tokentape.gateway.fields.memory import FieldMemory
from tokentape.gateway.models import models
from tokentape.gateway.offline import CassetteSender
from tokentape.gateway.pages import named_page, own_pages
from tokentape.gateway.passing import pass_on
from tokentape.gateway.record import Record
from tokentape.gateway.responses.plugging import plug_in
from tokentape.gateway.safety import Gate, SafetyOptions
from tokentape.gateway.tapes import Tapes
from tokentape.gateway.telemetry.spans import telemetry_of
from tokentape.gateway.trace.traces import Traces
from tokentape.gateway.usage.ledger import Ledger
from tokentape.options import redactor_of
from tokentape.protocols.table import installed
from tokentape.upstreams.pools.pools import Pools
from tokentape.upstreams.retrying import Policy

if TYPE_CHECKING:
    import threading
    from collections.abc import Awaitable, Callable, Iterator, Mapping

    from tokentape.gateway.asking import Fetching
    from tokentape.gateway.call import Call, Incoming
    from tokentape.gateway.classes import ClassRule
    from tokentape.gateway.exchange import Exchange
    from tokentape.gateway.lasting import Lasting
    from tokentape.gateway.outlet import Outlet
    from tokentape.gateway.routing import Router
    from tokentape.gateway.targets import Resolved
    from tokentape.protocols.dialect import Operation
    from tokentape.protocols.registry import Recognised
    from tokentape.upstreams.sending import Sender
    from tokentape.upstreams.upstream import Upstream
    from tokentape.wire.message import Request

    Own = Callable[[Request, Outlet], Awaitable[None]]
    Enter = Callable[[Incoming, Recognised, Outlet, Exchange], Awaitable[None]]
    Create = Callable[[Call, Outlet, Exchange], Awaitable[None]]
    Connect = Callable[..., Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Setup:
    """The configuration as objects. Immutable: a reload makes another one, and a call keeps its own.

    `strict`: every loss refuses a call, not only those that change its meaning. `heartbeat`: seconds.
    """

    router: Router
    safety: SafetyOptions = field(default_factory=SafetyOptions)
    policy: Policy = field(default_factory=Policy)
    policies: Mapping[str, Policy] = field(default_factory=dict)
    strict: bool = False
    heartbeat: float | None = 15.0
    classes: tuple[ClassRule, ...] = ()
    wants_class: bool = False
    """True where a route or a rule depends on the class of a request."""
    counts_words: bool = False
    """True where usage is to be estimated for streams that do not count it."""
    gate: Gate = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "gate", Gate(self.safety))

    def policy_for(self, resolved: Resolved) -> Policy:
        """The policy of the group that a call goes to, else the one for all."""
        return self.policies.get(resolved.group or "", self.policy)


class Beside(Protocol):
    """What lives as long as the gateway, and is opened and closed with it."""

    async def open(self) -> None:
        """The gateway starts. Raises `UsageError` where it cannot."""
        ...

    async def aclose(self) -> None:
        """The gateway ends; upstreams can still be asked."""
        ...


def _secrets(setup: Setup) -> Iterator[str]:
    """What may stand in no trace: the keys of upstreams, and those of clients."""
    for upstream in setup.router.upstreams.values():
        for credential in upstream.credentials:
            if credential.secret is not None:
                yield credential.secret.reveal()
    for _, secret in setup.safety.keys:
        yield secret.reveal()


class Services:
    """What all calls share."""

    def __init__(
        self, setup: Setup, lasting: Lasting, sender: Sender, fetching: Fetching | None = None
    ) -> None:
        self.setup = setup
        self.sender = sender
        self.pools = Pools(setup.router.upstreams.values(), lasting.pools)
        self.tapes = Tapes(lasting.record)
        self.offline = Tapes(replace(lasting.record, mode=RecordMode.NONE.value))
        """Cassettes that are upstreams: they are only ever played."""
        self._offline: dict[str, CassetteSender] = {}
        self.fetching = fetching
        self.traces = Traces(lasting.trace, redactor=redactor_of(lasting.record.options))
        self.ledger = Ledger(lasting.usage)
        self.telemetry = telemetry_of(lasting.telemetry, self.traces.hide)
        self.fields = FieldMemory(lasting.fields, clock=time.monotonic, options=lasting.field_options)
        self.tracker = Tracker(clock=time.monotonic, options=lasting.tracker)
        self.affinity = Affinity(clock=time.monotonic)
        self.is_ready = False
        self._learn(setup)
        self.own: dict[tuple[str, str], Own] = own_pages(self)
        self.doors: dict[str, Enter] = {"pass_on": pass_on, "count": count, "models": models}
        self.creates: dict[str, Create] = {}
        self.sockets: dict[str, Connect] = {}
        self.beside: list[Beside] = []
        self.tapes.settled = self._settled
        self.responses = plug_in(self, lasting.state)
        self._keeper = ThreadPoolExecutor(1, "tokentape-tape")
        self._tasks: list[asyncio.Task[None]] = []

    def change(self, setup: Setup, lasting: Lasting) -> None:
        """Another configuration from the next call on, of which only that is new that `Lasting.changed`
        takes. What is known of credentials that stay is kept, and so is what field rules remember.
        """
        self.setup = setup
        self.ledger.options = lasting.usage
        self.pools.changed(setup.router.upstreams.values(), lasting.pools)
        self.fields = FieldMemory(
            lasting.fields, clock=time.monotonic, options=lasting.field_options, values=self.fields.values
        )
        self._learn(setup)

    def _learn(self, setup: Setup) -> None:
        """Neither traces nor tapes ever hold a key of this configuration."""
        secrets = list(_secrets(setup))
        self.traces.learn(secrets)
        self.tapes.learn(secrets)

    async def start(self) -> None:
        """Begin what runs beside the calls. Raises `UsageError` for dialects of one name, and where a part
        of it cannot.
        """
        installed()
        for one in self.beside:
            await one.open()
        self._tasks.append(asyncio.create_task(self._close_idle()))
        self.is_ready = True

    async def stop(self) -> None:
        """Save everything, and close all connections. What fails keeps nothing else from being closed."""
        self.is_ready = False
        async with AsyncExitStack() as last_first:
            last_first.callback(self._keeper.shutdown)
            last_first.push_async_callback(asyncio.to_thread, self.ledger.close)
            last_first.push_async_callback(asyncio.to_thread, self.traces.close)
            last_first.push_async_callback(self.sender.aclose)
            if self.fetching is not None:
                last_first.push_async_callback(self.fetching[0].aclose)
            last_first.push_async_callback(self.offline.close)
            last_first.push_async_callback(self.tapes.close)
            for one in reversed(self.beside):
                last_first.push_async_callback(one.aclose)
            for task in self._tasks:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task

    async def _close_idle(self) -> None:
        while True:
            await asyncio.sleep(max(0.05, min(5.0, self.tapes.options.idle / 4)))
            await self.tapes.close_idle()
            await self.offline.close_idle()

    async def keep(self, storing: threading.Lock, store: Callable[[], None]) -> None:
        """Store a recording, in a thread of its own and in order, while nobody closes its deck."""

        def stored() -> None:
            with storing:
                store()

        await asyncio.get_running_loop().run_in_executor(self._keeper, stored)

    async def _settled(self) -> None:
        """What was to be stored by now is stored."""
        await asyncio.get_running_loop().run_in_executor(self._keeper, int)

    def record(self, incoming: Incoming, operation: Operation, model: str = "") -> Record:
        """The book of a call."""
        trace = self.traces.begin(incoming.id, incoming.at)
        return Record(incoming, operation, model, trace, self.ledger, self.telemetry)

    def sender_for(self, upstream: Upstream) -> Sender:
        """Who sends to an upstream; a cassette answers for itself."""
        if upstream.cassette is None:
            return self.sender
        found = self._offline.get(upstream.cassette)
        if found is None:
            found = self._offline[upstream.cassette] = CassetteSender(self.offline, upstream.cassette)
        return found

    def own_page(self, method: str, path: str) -> Own | None:
        """One of the gateway's own pages; HEAD is what watchers ask, and the server sends no body then."""
        asked = "GET" if method == "HEAD" else method
        return self.own.get((asked, path)) or named_page(self, method, path)
