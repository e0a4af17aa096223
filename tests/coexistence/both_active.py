"""tokentape and another tool in one program: entered in either order, left in either order."""

from __future__ import annotations

import asyncio
import http.client
import ssl
import sys
from contextlib import contextmanager

import pytest

ORDERS = [
    pytest.param(
        (ours_first, crossed), id=f"{'ours' if ours_first else 'theirs'}-first{'-crossed' * crossed}"
    )
    for ours_first in (True, False)
    for crossed in (False, True)
]
"""(whether ours is entered first, whether the one entered first is also left first)"""

SEAMS = {
    "httpx": ("Client._transport_for_url", "AsyncClient._transport_for_url", "HTTPTransport.handle_request",
              "AsyncHTTPTransport.handle_async_request"),
    "httpx2": ("Client._transport_for_url", "AsyncClient._transport_for_url", "HTTPTransport.handle_request",
               "AsyncHTTPTransport.handle_async_request"),
    "httpcore": ("ConnectionPool.handle_request", "AsyncConnectionPool.handle_async_request"),
    "requests": ("Session.send", "Session.get_adapter", "adapters.HTTPAdapter.send"),
    "urllib3": ("connectionpool.HTTPConnectionPool.urlopen", "connectionpool.HTTPConnectionPool._make_request",
                "connectionpool.HTTPSConnectionPool._validate_conn",
                "connectionpool.HTTPSConnectionPool._prepare_proxy"),
    "http.client": ("HTTPConnection.putrequest",),
    "aiohttp": ("BaseConnector.connect", "ClientSession._request", "ClientSession.__init__"),
    "botocore.client": ("BaseClient._make_api_call",),
    "botocore.httpsession": ("URLLib3Session.send",),
}  # fmt: skip
"""Every place that tokentape or one of the tools replaces."""


def seams():
    """What stands in each of these places now."""
    found = {}
    for module in SEAMS.keys() & sys.modules.keys():
        for path in SEAMS[module]:
            *owners, name = path.split(".")
            owner = sys.modules[module]
            for each in owners:
                owner = getattr(owner, each)
            found[f"{module}.{path}"] = vars(owner)[name]
    return found


@contextmanager
def both(ours, theirs, order):
    """Both context managers, in one of `ORDERS`; the value is what ours gives."""
    ours_first, crossed = order
    entering = [ours, theirs] if ours_first else [theirs, ours]
    values = {id(each): each.__enter__() for each in entering}
    try:
        yield values[id(ours)]
    finally:
        for each in entering if crossed else reversed(entering):
            each.__exit__(None, None, None)


BODY = b'{"model": "m", "messages": [{"role": "user", "content": "Hi"}]}'
HEADERS = {"content-type": "application/json"}
PLAIN = {"trust_env": False, "verify": ssl.create_default_context()}


def by_httpx(url, module="httpx"):
    with __import__(module).Client(**PLAIN) as client:
        return client.post(url, content=BODY, headers=HEADERS).content


def by_httpx2(url):
    return by_httpx(url, "httpx2")


def by_httpx_async(url, module="httpx"):
    async def main():
        async with __import__(module).AsyncClient(**PLAIN) as client:
            return (await client.post(url, content=BODY, headers=HEADERS)).content

    return asyncio.run(main())


def by_httpx2_async(url):
    return by_httpx_async(url, "httpx2")


def by_requests(url):
    import requests

    return requests.post(url, data=BODY, headers=HEADERS, timeout=5).content


def by_urllib3(url):
    import urllib3

    with urllib3.PoolManager(retries=False) as pools:
        return pools.request("POST", url, body=BODY, headers=HEADERS).data


def by_http_client(url):
    connection = http.client.HTTPConnection(url.split("/")[2])
    connection.request("POST", "/" + url.split("/", 3)[3], BODY, HEADERS)
    data = connection.getresponse().read()
    connection.close()
    return data


def by_aiohttp(url):
    import aiohttp

    async def main():
        async with aiohttp.ClientSession() as session, session.post(url, data=BODY, headers=HEADERS) as got:
            return await got.read()

    return asyncio.run(main())


def by_boto3(url):
    import boto3

    bedrock = boto3.client(
        "bedrock-runtime", region_name="us-east-1", endpoint_url="/".join(url.split("/")[:3]),
        aws_access_key_id="AKIAIOSFODNN7EXAMPLE", aws_secret_access_key="secret",
    )  # fmt: skip
    question = {"role": "user", "content": [{"text": "Hi"}]}
    reply = bedrock.converse(modelId="amazon.nova-lite-v1:0", messages=[question])
    return reply["output"]["message"]["content"][0]["text"].encode()


CALLS = {
    "httpx": by_httpx,
    "httpx-async": by_httpx_async,
    "httpx2": by_httpx2,
    "httpx2-async": by_httpx2_async,
    "requests": by_requests,
    "urllib3": by_urllib3,
    "http.client": by_http_client,
    "aiohttp": by_aiohttp,
    "boto3": by_boto3,
}


def call_of(name):
    """The call through a library, which is loaded now so that its originals are on record; skips without it."""
    if name != "http.client":
        pytest.importorskip(name.partition("-")[0])
    return CALLS[name]
