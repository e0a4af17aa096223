"""From a configuration to a gateway, and from a new configuration to the same gateway with another setup."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.gateway.app import Gateway
from tokentape.gateway.reloading import Live, Reloading
from tokentape.gateway.services import Services, Setup
from tokentape.upstreams.aiohttp_fetcher import AiohttpFetcher
from tokentape.upstreams.aiohttp_sender import AiohttpSender

if TYPE_CHECKING:
    from tokentape.gateway.config.loading import Source
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
        counts_words=config.lasting.usage.enabled,
    )


def gateway_of(config: Config, source: Source | None = None) -> Gateway:
    """The application for a configuration; with its `source`, one that reads it anew when it changes."""
    sender = AiohttpSender()
    if source is None:
        return Gateway(_services(config, sender))
    services: list[Services] = []

    def apply(new: Config) -> None:
        new.sender.inner = sender
        services[0].change(setup_of(new), new.lasting)

    live = Live(config, source, apply)
    services.append(_services(live.now, sender))
    services[0].beside.append(Reloading(live))
    return Gateway(services[0])


def _services(config: Config, sender: AiohttpSender) -> Services:
    config.sender.inner = sender
    fetcher = AiohttpFetcher(config.lasting.fetch)
    return Services(setup_of(config), config.lasting, sender, (fetcher, config.lasting.fetch))
