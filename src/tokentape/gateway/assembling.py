"""From a configuration to a gateway."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.gateway.app import Gateway
from tokentape.gateway.services import Lasting, Services, Setup
from tokentape.gateway.tapes import RecordOptions
from tokentape.upstreams.aiohttp_sender import AiohttpSender

if TYPE_CHECKING:
    from tokentape.gateway.config.settled import Config


def setup_of(config: Config) -> Setup:
    """What calls begin with; a reload makes another one."""
    return Setup(
        config.router,
        safety=config.safety,
        policy=config.policy,
        policies=config.policies,
        strict=config.strict,
        heartbeat=config.heartbeat,
        classes=config.classes,
        wants_class=bool(config.classes) or config.router.looks_at_class,
        counts_words=config.usage.enabled,
    )


def lasting_of(config: Config) -> Lasting:
    """What lives as long as the gateway."""
    return Lasting(
        record=config.record or RecordOptions(cassette=None, is_off=True),
        trace=config.trace,
        usage=config.usage,
        pools=config.pools,
        state=config.state,
    )


def gateway_of(config: Config) -> Gateway:
    """The application for a configuration."""
    return Gateway(Services(setup_of(config), lasting_of(config), AiohttpSender()))
