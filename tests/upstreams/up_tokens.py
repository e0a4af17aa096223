"""Scenarios with a way to authenticate, over a sender of its own."""

from __future__ import annotations

import asyncio

import pytest
from up_wire import Clock

from tokentape.upstreams.auth.kinds import Surroundings, auth_of

pytest.importorskip("aiohttp")
from tokentape.upstreams.aiohttp_sender import AiohttpSender


def running(provider, kind, options, scenario, environment=None, clock=None):
    async def run():
        sender = AiohttpSender()
        try:
            return await scenario(
                auth_of(kind, options, Surroundings(sender, clock or Clock(), environment or {}))
            )
        finally:
            await sender.aclose()

    return asyncio.run(run())
