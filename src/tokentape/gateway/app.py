"""From a connection to a reply: the ASGI application.

safety    who may ask, judged from the head
naming    what headers and path prefixes name
body      read within limits
door      what kind of request it is, and who answers it
"""

from __future__ import annotations

import asyncio
import itertools
import secrets
import time
from contextlib import suppress
from typing import TYPE_CHECKING
from urllib.parse import unquote_plus

from tokentape.errors import ProtocolError, UsageError
from tokentape.gateway.asgi import AsgiOutlet, BrokenReply, Watch
from tokentape.gateway.call import Call, Incoming
from tokentape.gateway.deadlines import running_task
from tokentape.gateway.doors import door_of, is_generation, shape_of
from tokentape.gateway.exchange import Exchange
from tokentape.gateway.keyring import QUERY_KEY
from tokentape.gateway.logs import complain
from tokentape.gateway.naming import OURS, naming, split_path
from tokentape.gateway.outlet import ClientGone
from tokentape.gateway.receiving import Refused, body_of, headers_of, raw_path_of, request_of
from tokentape.gateway.restating import restated
from tokentape.gateway.safety import Admitted, Preflight, Refusal
from tokentape.gateway.telling import invalid, tell
from tokentape.log import log
from tokentape.protocols.canonical.failure import Failure, FailureKind, kind_of_status
from tokentape.protocols.fastjson import reads
from tokentape.protocols.registry import recognise
from tokentape.wire.message import Request, without
from tokentape.wire.url import path_of

if TYPE_CHECKING:
    from tokentape.gateway.outlet import Outlet
    from tokentape.gateway.receiving import Receive, Scope, Send
    from tokentape.gateway.services import Services
    from tokentape.protocols.registry import Recognised
    from tokentape.wire.message import Headers


class Gateway:
    """The application. `services` is everything that outlives a call; it is started and ended with us."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.exchange = Exchange(services)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One connection, or the server's own life."""
        match scope["type"]:
            case "http":
                await self._http(scope, receive, send)
            case "websocket":
                await self._websocket(scope, receive, send)
            case _:
                await self._lifespan(receive, send)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        try:
            await self.services.start()
        except (UsageError, OSError) as error:
            await send({"type": "lifespan.startup.failed", "message": str(error)})
            return
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self.services.stop()
        await send({"type": "lifespan.shutdown.complete"})

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        outlet = AsgiOutlet(send, receive)
        task = running_task()
        path = raw_path_of(scope)
        try:
            await self._served(scope, receive, outlet, path, task)
        except ClientGone:
            return
        except BrokenReply:
            raise
        except asyncio.CancelledError:
            if not outlet.is_gone:
                raise
            task.uncancel()
        except Exception as error:
            log.exception("%s %s: a defect of tokentape", scope["method"], path)
            if outlet.started:
                raise BrokenReply from error
            text = f"a defect of tokentape ({type(error).__name__}); its log says more"
            await tell(outlet, shape_of(path), Failure(FailureKind.SERVER, text, 500))

    async def _served(
        self, scope: Scope, receive: Receive, outlet: AsgiOutlet, path: str, task: asyncio.Task[object]
    ) -> None:
        headers = headers_of(scope)
        try:
            named, path = split_path(path)
            found_naming = naming(named, headers)
        except UsageError as error:
            await _refused(outlet, scope, path, 400, str(error))
            return
        admitted = self._checked(scope, path, headers)
        if isinstance(admitted, Preflight):
            await outlet.start(204, admitted.headers)
            await outlet.end()
            return
        if isinstance(admitted, Refusal):
            await _refused(outlet, scope, path, admitted.status, admitted.message)
            return
        outlet.grant = admitted.grant
        own = self.services.own_page(scope["method"], path)
        options = self.services.setup.safety
        try:
            body = await body_of(receive, headers, options.body_limit, options.body_seconds)
        except Refused as refused:
            await _refused(outlet, scope, path, refused.status, refused.message)
            return
        request = _bare(request_of(scope, headers, path, body), admitted)
        if own is not None:
            await own(request, outlet)
            return
        incoming = Incoming(new_id(), request, admitted.client, found_naming, time.time())
        watch = Watch(outlet, task)
        try:
            await self._enter(incoming, path, outlet)
        finally:
            watch.stop()

    def _checked(self, scope: Scope, path: str, headers: Headers) -> Admitted | Preflight | Refusal:
        client = scope.get("client")
        query = scope.get("query_string", b"").decode("latin-1")
        method = scope.get("method", "GET")
        return self.services.setup.gate.check(method, path, query, headers, client[0] if client else None)

    async def _enter(self, incoming: Incoming, path: str, outlet: AsgiOutlet) -> None:
        """Through the door that fits."""
        found = recognise(incoming.request, reads)
        door = door_of(found, path)
        if found.operation.dialect == "http" and is_generation(path):
            text = "the body is no JSON" if not found.is_json else "the body is no request of this API"
            complain(f"{incoming.request.method} {path}", 400, text)
            await tell(outlet, shape_of(path), invalid(text))
        elif door == "generate":
            await self._generate(incoming, found, outlet)
        elif door == "none":
            hint = "the base URL lacks /v1" if is_generation(f"/v1{path}") else "/openapi.json lists them"
            text = f"{incoming.request.method} {path}: there is no such page; {hint}"
            complain(f"{incoming.request.method} {path}", 404, f"there is no such page; {hint}")
            await tell(outlet, shape_of(path), Failure(FailureKind.NOT_FOUND, text, 404))
        else:
            await self.services.doors[door](incoming, found, outlet, self.exchange)

    async def _generate(self, incoming: Incoming, found: Recognised, outlet: Outlet) -> None:
        call = call_of(incoming, found)
        if call is None:
            problem = "the body is no JSON" if not found.is_json else "the body is no JSON object"
            complain(f"POST {path_of(incoming.request.url)}", 400, problem)
            await tell(outlet, found.operation, invalid(problem))
            return
        try:
            outlet = restated(outlet, call)
        except (UsageError, ProtocolError) as error:
            await tell(outlet, found.operation, invalid(str(error)))
            return
        create = self.services.creates.get(call.dialect)
        if create is not None:
            await create(call, outlet, self.exchange)
        else:
            await self.exchange.answer(call, outlet)

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = headers_of(scope)
        try:
            named, path = split_path(raw_path_of(scope))
            found_naming = naming(named, headers)
            admitted = self._checked(scope, path, headers)
        except UsageError as error:
            path, admitted = raw_path_of(scope), Refusal(400, "headers", str(error))
        connect = self.services.sockets.get(path)
        if not isinstance(admitted, Admitted) or connect is None:
            why = admitted.message if isinstance(admitted, Refusal) else "there is no such WebSocket"
            complain(f"WebSocket {path}", admitted.status if isinstance(admitted, Refusal) else 404, why)
            await receive()
            await send({"type": "websocket.close", "code": 1008})
            return
        request = _bare(request_of({**scope, "method": "POST"}, headers, path, None), admitted)
        incoming = Incoming(new_id(), request, admitted.client, found_naming, time.time())
        with suppress(ClientGone):
            await connect(incoming, receive, send, self.exchange)


_PROCESS = secrets.token_hex(4)
_calls = itertools.count()


def new_id() -> str:
    """The name of a call: its time, so that names sort as calls came, its process (by chance), its number."""
    return f"{int(time.time() * 1000):011x}{_PROCESS}{next(_calls) & 0xFFFF:04x}"


def call_of(incoming: Incoming, found: Recognised) -> Call | None:
    """The call; None where its body is no JSON object."""
    fields = found.body
    if not isinstance(fields, dict):
        return None
    operation = found.operation
    return Call(incoming, found, fields, operation.model or "", operation.stream)


def _bare(request: Request, admitted: Admitted) -> Request:
    """The request without what was said to the gateway alone: our headers, and its key."""
    ours = [name for name, _ in request.headers if name.startswith(OURS)]
    url = request.url
    if QUERY_KEY in admitted.held:
        url = _without_key(url)
    if not ours and not admitted.held:
        return request
    names = (*ours, *(admitted.held - {QUERY_KEY}))
    return Request(request.method, url, without(request.headers, *names), request.body, request.http)


def _without_key(url: str) -> str:
    base, _, query = url.partition("?")
    kept = [pair for pair in query.split("&") if unquote_plus(pair.partition("=")[0]) != "key"]
    return f"{base}?{'&'.join(kept)}" if kept else base


async def _refused(outlet: AsgiOutlet, scope: Scope, path: str, status: int, message: str) -> None:
    complain(f"{scope.get('method')} {path}", status, message)
    await tell(outlet, shape_of(path), Failure(kind_of_status(status), message, status))
