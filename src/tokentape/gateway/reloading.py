"""Another configuration while the gateway runs.

A file is looked at now and then (time, size, then its bytes), and at SIGHUP. A new configuration is swapped
in whole: calls that began keep the one they began with. A bad one is refused, with everything that is wrong
with it, and the one in force stays.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import signal
from contextlib import suppress
from dataclasses import fields, replace
from typing import TYPE_CHECKING

from tokentape.errors import UsageError
from tokentape.gateway.config.reading import ConfigError
from tokentape.gateway.config.settled import Serving
from tokentape.gateway.safety import Gate
from tokentape.log import log

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from tokentape.gateway.config.document import Document
    from tokentape.gateway.config.loading import Source
    from tokentape.gateway.config.settled import Config

    Stamp = tuple[int, int, int] | None
    Apply = Callable[[Config], None]

EVERY = 1.0
"""Seconds between two looks at the file."""

_NO_SIGNAL = (AttributeError, NotImplementedError, RuntimeError, ValueError)
"""What is raised where there is no SIGHUP, or not in this thread."""

RESTART: dict[str, tuple[str, ...]] = {
    "server": (*(each.name for each in fields(Serving)), "salt"),
    "record": (),
    "fields": (),
    "fetch": (),
    "conversations": (),
    "responses": (),
    "trace": (),
    "usage": (),
    "telemetry": (),
}
"""What is only looked at when the gateway starts; without keys: all of the table."""


class Live:
    """The configuration in force, as `now`. `apply` hears each new one."""

    def __init__(self, config: Config, source: Source, apply: Apply) -> None:
        self.now = config
        self._source, self._apply = source, apply

    @property
    def files(self) -> tuple[str, ...]:
        """What it was read from."""
        return (self.now.path, *self.now.files) if self._source.path is not None else ()

    def reload(self) -> bool:
        """Read it again. False where it is refused, which is logged line by line."""
        try:
            config = self._kept(self._source.load())
        except ConfigError as error:
            return self._refuse(error.path, error.problems)
        except UsageError as error:
            return self._refuse(self.now.path, [str(error)])
        for warning in config.warnings:
            log.warning("%s", warning)
        later = needs_restart(self.now.document, config.document)
        if later:
            log.warning("%s: %s: changed, which needs a restart", config.path, ", ".join(later))
        self.now = config
        self._apply(config)
        log.info("%s: the configuration is in force", config.path)
        return True

    def _kept(self, config: Config) -> Config:
        """With what a running server cannot change. Raises `UsageError` where the rest is not safe with it:
        a gateway that others can reach keeps asking for keys.
        """
        old = self.now
        safety = replace(config.safety, host=old.safety.host, salt=old.safety.salt)
        Gate(safety)
        return replace(
            config, serving=old.serving, safety=safety, lasting=old.lasting.changed(config.lasting)
        )

    def _refuse(self, path: str, problems: Iterable[str]) -> bool:
        log.error("%s: refused; the configuration in force stays", path)
        for problem in problems:
            log.error("%s: %s", path, problem)
        return False


def needs_restart(old: Document, new: Document) -> list[str]:
    """What differs and cannot change while the gateway runs: `server.port`, `record`, ..."""
    found = []
    for section, keys in RESTART.items():
        before, after = getattr(old, section), getattr(new, section)
        if not keys and before != after:
            found.append(section)
        found += [f"{section}.{key}" for key in keys if getattr(before, key) != getattr(after, key)]
    return found


class Watch:
    """Tells when files have changed: other bytes, and the same for two looks, since who writes a file may
    not be done with it. A file that is gone has not changed.
    """

    def __init__(self, paths: Iterable[str]) -> None:
        self._known: dict[str, tuple[Stamp, bytes | None]] = {}
        self._seen: dict[str, Stamp] = {}
        self.follow(paths)

    def follow(self, paths: Iterable[str]) -> None:
        """Other files from now on. What is known of those that stay is kept, so that no change is missed."""
        self._known = {path: self._known.get(path) or (_stamp(path), _digest(path)) for path in paths}
        self._seen = {path: self._seen.get(path, stamp) for path, (stamp, _) in self._known.items()}

    def changed(self) -> bool:
        """True if some file has changed since the last time this said so."""
        found = False
        for path, (stamp, digest) in list(self._known.items()):
            now = _stamp(path)
            if now is None or now == stamp:
                continue
            if now != self._seen[path]:
                self._seen[path] = now
                continue
            other = _digest(path)
            self._known[path] = (now, other)
            found = found or other != digest
        return found


def _stamp(path: str) -> Stamp:
    try:
        stat = os.stat(path)
    except OSError:
        return None
    return stat.st_mtime_ns, stat.st_size, stat.st_ino


def _digest(path: str) -> bytes | None:
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").digest()
    except OSError:
        return None


class Reloading:
    """Watches the files of a configuration for as long as the gateway runs."""

    def __init__(
        self, live: Live, every: float = EVERY, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> None:
        self._live, self._every, self._sleep = live, every, sleep
        self._watch = Watch(live.files)
        self._task: asyncio.Task[None] | None = None
        self._waiting: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Begin to watch, and to listen for SIGHUP where there is such a signal."""
        self._task = asyncio.create_task(self._run())
        with suppress(*_NO_SIGNAL):
            asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, self.hang_up)

    async def aclose(self) -> None:
        """Stop."""
        with suppress(*_NO_SIGNAL):
            asyncio.get_running_loop().remove_signal_handler(signal.SIGHUP)
        for task in (self._task, *self._waiting):
            if task is not None:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task

    def hang_up(self) -> None:
        """Read the configuration again, changed or not."""
        task = asyncio.get_running_loop().create_task(self._reload())
        self._waiting.add(task)
        task.add_done_callback(self._waiting.discard)

    async def _run(self) -> None:
        while True:
            await self._sleep(self._every)
            if await asyncio.to_thread(self._watch.changed):
                await self._reload()

    async def _reload(self) -> None:
        """On the event loop: what is swapped is swapped between two steps of calls."""
        if self._live.reload():
            self._watch.follow(self._live.files)
