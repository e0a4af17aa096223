"""`tokentape serve`: the gateway, and what it is configured to do."""

from __future__ import annotations

from contextlib import contextmanager, nullcontext
from dataclasses import replace
from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING

import click

from tokentape import settings
from tokentape.cli.text import count, safe
from tokentape.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tokentape.gateway.config.loading import Source
    from tokentape.gateway.config.settled import Config

NEEDED = "pip install 'tokentape[gateway]'"
_EXTRA = ("aiohttp", "uvicorn", "httptools", "websockets", "pydantic")
"""What the extra brings, and nothing starts without."""


@click.command("serve", short_help="record, replay and translate for every language, behind one address")
@click.option(
    "--config", metavar="FILE", help="a TOML file; else TOKENTAPE_CONFIG; else the client's own keys"
)
@click.option("--host", metavar="ADDRESS", help="where to listen (127.0.0.1); else TOKENTAPE_HOST")
@click.option(
    "--port", type=click.IntRange(0, 65_535), help="the port (8420); 0: a free one; else TOKENTAPE_PORT"
)
@click.option("--workers", type=click.IntRange(1), help="processes (1)")
@click.option("--cassette", metavar="NAME", help="the cassette of calls that name none")
@click.option("--mode", metavar="MODE", help="once, none, new_episodes, refresh, all, off")
@click.option("--record/--no-record", default=None, help="record and replay, or only pass on and translate")
@click.option("--demo", is_flag=True, help="with a bundled provider, which needs no key")
@click.option(
    "--for",
    "agents",
    type=click.Choice(["claude-code", "codex", "gemini-cli"]),
    multiple=True,
    help="record so that another run of this agent matches, and print how to point it here",
)
@click.option(
    "--log-level", type=click.Choice(["debug", "info", "warning", "error"]), help="how much is logged"
)
@click.option("--check", is_flag=True, help="say what is wrong with the configuration, and end")
@click.option(
    "--print-config", is_flag=True, help="print the configuration in force, without secrets, and end"
)
def command(
    check: bool, print_config: bool, demo: bool, agents: tuple[str, ...], **given: str | int | bool | None
) -> int:
    """Serve OpenAI's, Anthropic's, Gemini's and Ollama's APIs on one address.

    Without a configuration calls go to the provider whose API they speak, with the client's own key, and are
    recorded. 0: done. 2: wrong input; every error of the configuration is told, one a line.
    """
    source = _source(given)
    if agents:
        source = replace(source, changes={**source.changes, ("record", "agents"): list(agents)})
    with _demo(source) if demo else nullcontext(source) as source:
        if print_config:
            click.echo(safe(source.shown()), nl=False)
            return 0
        config = source.load()
        for warning in config.warnings:
            _say(warning)
        if check:
            click.echo(f"{safe(source.path or 'no file')}: {_in_short(config)}")
            return 0
        from tokentape.gateway.logs import log_to_stderr
        from tokentape.gateway.server import run

        log_to_stderr(config.serving.log_level)
        return run(config, source=source, guide=partial(_guide, agents, config, demo))


def _guide(agents: tuple[str, ...], config: Config, demo: bool, url: str) -> list[str]:
    """How to point agents at the gateway, else other clients; where calls go, and where they are recorded."""
    from tokentape.gateway.agents import agent_named, lines_for
    from tokentape.gateway.greeting import greeting

    lines = [line for name in agents for line in lines_for(agent_named(name), url)]
    return [*lines, *(f"tokentape: {safe(line)}" for line in greeting(config, url, demo=demo))]


def _say(text: str) -> None:
    click.echo(f"tokentape: {safe(text)}", err=True)


def _in_short(config: Config) -> str:
    """What a configuration that is right comes to."""
    upstreams = len(config.router.upstreams)
    if not upstreams:
        return "nothing is wrong; no upstream is configured, so clients' own keys are passed on"
    models = len(config.router.models_listed())
    return f"nothing is wrong; {count(upstreams, 'upstream')}, {count(models, 'name')} for models"


@contextmanager
def _demo(source: Source) -> Iterator[Source]:
    """The bundled provider, and a configuration that leads to it."""
    from tokentape.gateway.config.demo import demo_text
    from tokentape.testing.provider import Provider

    if source.path is not None:
        raise UsageError("--demo has a configuration of its own; leave out --config, and TOKENTAPE_CONFIG")
    with Provider(gap=0.015) as provider:
        yield replace(source, text=demo_text(provider.url))


_TABLES = {
    "host": ("server", "host"),
    "port": ("server", "port"),
    "workers": ("server", "workers"),
    "log_level": ("server", "log_level"),
    "cassette": ("record", "cassette"),
    "mode": ("record", "mode"),
    "record": ("record", "enabled"),
}
"""Where an option stands in the configuration, over whose value it wins."""


def _source(given: dict[str, str | int | bool | None]) -> Source:
    """The file, and what wins over it: the environment, then the command line."""
    absent = [name for name in _EXTRA if find_spec(name) is None]
    if absent:
        be = "is" if len(absent) == 1 else "are"
        raise UsageError(f"the gateway needs {', '.join(absent)}, which {be} not installed: {NEEDED}")
    from tokentape.gateway.config.loading import Source

    path = given.pop("config") or settings.gateway_file()
    said = {**settings.gateway_place(), **{name: value for name, value in given.items() if value is not None}}
    return Source(str(path) if path else None, {_TABLES[name]: value for name, value in said.items()})
