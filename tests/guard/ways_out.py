"""Every way out of a Python program that the guard must hold: each takes a URL and wants to reach it."""

from __future__ import annotations

import asyncio
import http.client
import socket
import urllib.request
from urllib.parse import urlsplit

import pytest


def library(name):
    return pytest.importorskip(name)


def uv(coroutine):
    try:
        return library("uvloop").run(coroutine)
    finally:
        coroutine.close()


def place(url):
    parts = urlsplit(url)
    return parts.hostname, parts.port or 80


def get_with(name):
    return lambda url: library(name).get(url)


def async_get_with(name):
    async def get(url):
        async with library(name).AsyncClient() as client:
            await client.get(url)

    return get


async def aiohttp_get(url):
    async with library("aiohttp").ClientSession() as session:
        async with session.get(url):
            pass


async def stream(url):
    _, writer = await asyncio.open_connection(*place(url))
    writer.close()
    await writer.wait_closed()


async def racing_stream(url):
    _, writer = await asyncio.open_connection(*place(url), happy_eyeballs_delay=0.1)
    writer.close()
    await writer.wait_closed()


async def websocket(url):
    async with library("websockets").connect(url.replace("http", "ws")):
        pass


def sync_websocket(url):
    library("websockets.sync.client").connect(url.replace("http", "ws")).close()


def http_client(url):
    connection = http.client.HTTPConnection(*place(url))
    connection.request("GET", "/")
    connection.getresponse().read()
    connection.close()


def urlopen(url):
    urllib.request.urlopen(url).close()


def urllib3_get(url):
    with library("urllib3").PoolManager() as pool:
        pool.request("GET", url)


def create_connection(url):
    socket.create_connection(place(url), timeout=2).close()


def raw(url):
    with socket.socket() as one:
        one.connect(place(url))


def connect_ex(url):
    with socket.socket() as one:
        one.connect_ex(place(url))


def executor(url):
    """The thread inherits no context."""

    async def main():
        await asyncio.get_running_loop().run_in_executor(None, raw, url)

    asyncio.run(main())


def with_(runner, way):
    return lambda url: runner(way(url))


def trio_get(url):
    library("trio").run(async_get_with("httpx2"), url)


WAYS = {
    "httpx": (get_with("httpx"), "httpx"),
    "httpx2": (get_with("httpx2"), "httpx2"),
    "requests": (get_with("requests"), "requests"),
    "urllib3": (urllib3_get, "urllib3"),
    "urllib.request": (urlopen, "urllib.request"),
    "http.client": (http_client, "http.client"),
    "httpx asyncio": (with_(asyncio.run, async_get_with("httpx")), "httpx"),
    "httpx2 asyncio": (with_(asyncio.run, async_get_with("httpx2")), "httpx2"),
    "httpx uvloop": (with_(uv, async_get_with("httpx")), "httpx"),
    "httpx2 uvloop": (with_(uv, async_get_with("httpx2")), "httpx2"),
    "httpx2 trio": (trio_get, "httpx2"),
    "aiohttp asyncio": (with_(asyncio.run, aiohttp_get), "aiohttp"),
    "aiohttp uvloop": (with_(uv, aiohttp_get), "aiohttp"),
    "streams asyncio": (with_(asyncio.run, stream), "asyncio.streams"),
    "streams asyncio, racing": (with_(asyncio.run, racing_stream), "asyncio.streams"),
    "streams uvloop": (with_(uv, stream), "asyncio.streams"),
    "websockets": (sync_websocket, "websockets"),
    "websockets asyncio": (with_(asyncio.run, websocket), "websockets"),
    "websockets uvloop": (with_(uv, websocket), "websockets"),
    "create_connection": (create_connection, __name__),
    "socket.connect": (raw, __name__),
    "socket.connect_ex": (connect_ex, __name__),
    "executor": (executor, __name__),
}
"""The way, and the library that the error names where it is on the stack."""
