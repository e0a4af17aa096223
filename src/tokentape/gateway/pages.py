"""The gateway's own pages: whether it is well, what it knows, what it wrote down."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from tokentape import __version__
from tokentape.errors import ProtocolError, UsageError
from tokentape.gateway.agents import quiet_reply
from tokentape.gateway.usage.estimates import cost_of, tokens_of
from tokentape.protocols.fastjson import dumps, json_in
from tokentape.wire.url import path_of, split_query


@dataclass(frozen=True, slots=True)
class Text:
    """A page that is not JSON."""

    media_type: str
    text: str


if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tokentape.gateway.outlet import Outlet
    from tokentape.gateway.services import Own, Services
    from tokentape.wire.interaction import Json
    from tokentape.wire.message import Request

    Page = Callable[[Services, Request], Awaitable[tuple[int, Json | Text]]]


async def health(services: Services, request: Request) -> tuple[int, Json]:
    """The process answers."""
    return 200, {"status": "ok", "version": __version__}


async def ready(services: Services, request: Request) -> tuple[int, Json]:
    """It takes calls: it has begun, and does not end yet."""
    state = "ready" if services.is_ready else "stopping"
    return (200 if services.is_ready else 503), {"status": state}


async def quota(services: Services, request: Request) -> tuple[int, Json]:
    """What credentials used, what rests, what providers said about limits."""
    return 200, services.pools.snapshot()


async def upstreams(services: Services, request: Request) -> tuple[int, Json]:
    """Where calls may go."""
    found: list[Json] = []
    for upstream in services.setup.router.upstreams.values():
        names: list[Json] = [credential.name for credential in upstream.credentials]
        also: list[Json] = list(sorted(upstream.also))
        found.append(
            {
                "name": upstream.name,
                "dialect": upstream.dialect,
                "also": also,
                "base_url": upstream.base_url,
                "credentials": names,
                "passes_client_key": upstream.passes_client_key,
                "cassette": upstream.cassette,
            }
        )
    return 200, {"upstreams": found}


async def cassettes(services: Services, request: Request) -> tuple[int, Json]:
    """Which cassettes are open."""
    listed: list[Json] = [dict(one) for one in services.tapes.listed()]
    return 200, {"root": services.tapes.options.root, "open": listed}


async def close_cassette(services: Services, request: Request) -> tuple[int, Json]:
    """`POST /cassettes/NAME/close`: save now, and play from the start afterwards."""
    name = path_of(request.url).split("/")[2]
    return 200, {"cassette": name, "closed": await services.tapes.close(name)}


async def one_trace(services: Services, request: Request) -> tuple[int, Json]:
    """Every form a request took."""
    name = path_of(request.url).rpartition("/")[2]
    found = await asyncio.to_thread(services.traces.get, name)
    if found is None:
        return 404, {"error": {"message": f"there is no trace {name[:100]!r}", "type": "not_found_error"}}
    return 200, found


async def recent_traces(services: Services, request: Request) -> tuple[int, Json]:
    """The last calls."""
    listed: list[Json] = [dict(one) for one in services.traces.recent(100)]
    return 200, {"traces": listed}


async def usage(services: Services, request: Request) -> tuple[int, Json | Text]:
    """What was spent: filtered, grouped, as JSON or CSV."""
    asked = dict(parse_qsl(split_query(request.url)[1], keep_blank_values=True))
    report = await asyncio.to_thread(services.ledger.report, asked)
    return 200, Text("text/csv; charset=utf-8", report.csv()) if report.question.as_csv else report.json()


async def tokens(services: Services, request: Request) -> tuple[int, Json]:
    """About how many tokens a request of any dialect is."""
    return 200, tokens_of(_body(request))


async def cost(services: Services, request: Request) -> tuple[int, Json]:
    """About what it costs."""
    return 200, cost_of(_body(request), prices=services.ledger.options.prices)


def _body(request: Request) -> dict[str, Json]:
    found = json_in(request.body or b"")
    if not isinstance(found, dict):
        raise UsageError("send the body of a request, as a JSON object")
    return found


async def described(services: Services, request: Request) -> tuple[int, Json]:
    """This API, as OpenAPI."""
    from tokentape.gateway.description import description

    return 200, description()


PAGES: dict[tuple[str, str], Page] = {
    ("GET", "/health"): health,
    ("GET", "/ready"): ready,
    ("GET", "/quota"): quota,
    ("GET", "/upstreams"): upstreams,
    ("GET", "/cassettes"): cassettes,
    ("GET", "/traces"): recent_traces,
    ("GET", "/usage"): usage,
    ("POST", "/tokens"): tokens,
    ("POST", "/cost"): cost,
    ("GET", "/openapi.json"): described,
}


def own_pages(services: Services) -> dict[tuple[str, str], Own]:
    """The pages, by method and path."""
    return {place: served(services, page) for place, page in PAGES.items()}


def named_page(services: Services, method: str, path: str) -> Own | None:
    """A page whose path names something."""
    if path.startswith(("/traces/", "/cassettes/")):
        parts = path.split("/")
        if method == "GET" and len(parts) == 3 and parts[1] == "traces":
            return served(services, one_trace)
        if method == "POST" and len(parts) == 4 and parts[1] == "cassettes" and parts[3] == "close":
            return served(services, close_cassette)
    told = quiet_reply(method, path)
    return None if told is None else served(services, _saying(*told))


def _saying(status: int, value: Json) -> Page:
    """A page that says the same to everybody."""

    async def page(services: Services, request: Request) -> tuple[int, Json]:
        return status, value

    return page


def served(services: Services, page: Page) -> Own:
    """A page as something that writes to an outlet."""

    async def answer(request: Request, outlet: Outlet) -> None:
        try:
            status, value = await page(services, request)
        except (UsageError, ProtocolError) as error:
            status, value = 400, {"error": {"message": str(error), "type": "invalid_request_error"}}
        body = value.text.encode() if isinstance(value, Text) else dumps(value)
        kind = value.media_type if isinstance(value, Text) else "application/json"
        headers = (("content-type", kind), ("content-length", str(len(body))))
        await outlet.start(status, headers)
        await outlet.chunk(body)
        await outlet.end()

    return answer
