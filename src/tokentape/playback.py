"""The recorded interactions of one cassette, and which of them were played.

Several equal requests replay in the order they started, also when they are concurrent: `take` is
called under the deck's lock. A recording's host only breaks ties between equal keys.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from tokentape.errors import CassetteError
from tokentape.metering.plays import Plays, ledger
from tokentape.protocols import telemetry
from tokentape.wire.url import host_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from tokentape.cassettes.cassette import Cassette
    from tokentape.matching.key import Matcher
    from tokentape.sharing import Shared
    from tokentape.wire.interaction import Interaction
    from tokentape.wire.message import Request


class Playback:
    """Finds the next recording for a key.

    `repeat` says what happens when all are played: "error" (None is returned), "last", "cycle".
    `without` are ids that may not be played; `is_paced` replays take as long as the recorded calls did.
    """

    def __init__(
        self,
        cassette: Cassette | None,
        matcher: Matcher,
        repeat: str,
        without: Collection[str] = (),
        *,
        is_paced: bool = False,
    ) -> None:
        self._cassette = cassette
        self._plays = Plays(cassette, is_paced=is_paced).owned_by(self)
        self._repeat = repeat
        self._waiting: dict[str, list[int]] = {}
        self._played: dict[str, list[int]] = {}
        self._key_of_exact: dict[str, str] = {}
        self._hosts: dict[int, str] = {}
        self._ids: dict[int, str] = {}
        self._matcher = matcher
        self._rekeyed = False
        self._shared: Shared | None = None
        if cassette is not None:
            self._index(cassette, matcher, without)

    def _index(self, cassette: Cassette, matcher: Matcher, without: Collection[str]) -> None:
        trusted = cassette.rules == matcher.rules
        self._rekeyed = not trusted
        for number, entry in enumerate(cassette.entries):
            if entry.id in without:
                continue
            self._ids[number] = entry.id
            key, exact = entry.key, entry.exact
            if not trusted and not key.startswith("id:"):
                request = cassette.interaction(number).request
                key, exact = matcher.key(request), matcher.exact(request) if exact else None
            self._waiting.setdefault(key, []).append(number)
            if exact:
                self._key_of_exact[exact] = key

    def key_of(self, exact: str) -> str | None:
        """The key of a recording whose request was equal byte for byte, or None."""
        return self._key_of_exact.get(exact)

    def knows(self, key: str) -> bool:
        """True if a recording has this key, played or not."""
        return key in self._waiting or key in self._played

    @property
    def cassette(self) -> Cassette | None:
        """What is played from."""
        return self._cassette

    def share(self, shared: Shared) -> None:
        """From here on other processes play from the same recordings, each of which is played once."""
        self._shared = shared

    def take(self, key: str, request: Request) -> Interaction | None:
        """The next recording of `key`, as the answer to `request`; None if there is none (left)."""
        if self._shared is None:
            return self._next(key, request)
        with self._shared.held():
            self._hear()
            return self._next(key, request)

    def _hear(self) -> None:
        """Take out what other processes played."""
        played = set(self._shared.claimed()) if self._shared is not None else set()
        if not played:
            return
        for key, waiting in self._waiting.items():
            if not played.isdisjoint(waiting):
                self._played.setdefault(key, []).extend(n for n in waiting if n in played)
                self._waiting[key] = [n for n in waiting if n not in played]

    def _use(self, key: str, number: int) -> None:
        self._waiting[key].remove(number)
        self._played.setdefault(key, []).append(number)
        if self._shared is not None:
            with suppress(OSError):  # whose opening this was has ended, or there is no room: play on
                self._shared.claim(number)

    def _next(self, key: str, request: Request) -> Interaction | None:
        """What `take` gives, with nobody else at it.

        A request that was edited in the file counts as it stands there now, whatever its key says: all
        are looked through once, when the first one turns up or a key is not found.
        """
        if not self._waiting.get(key):
            self._rekey_edited()
        waiting = self._waiting.get(key)
        if waiting:
            number = self._nearest_host(waiting, request)
            answer = self._answer(number, request)
            if not answer.key and self._rekey_edited():
                return self._next(key, request)
            self._use(key, number)
            self._plays[number] += 1
            return answer
        played = self._played.get(key)
        if not played or self._repeat == "error":
            return None
        if self._repeat == "cycle":
            played.append(played.pop(0))
        answer = self._answer(played[-1], request)
        self._plays[played[-1]] += 1
        return answer

    def _rekey_edited(self) -> bool:
        """Give edited requests the key that they have now; False if that was done before."""
        if self._cassette is None or self._rekeyed:
            return False
        self._rekeyed = True
        edited = set(self._cassette.edited()) & set(self._ids)
        for number in edited:
            entry = self._cassette.entries[number]
            if entry.key.startswith("id:"):
                continue
            self._key_of_exact = {
                exact: key for exact, key in self._key_of_exact.items() if exact != entry.exact
            }
            for waiting in self._waiting.values():
                if number in waiting:
                    waiting.remove(number)
            key = self._matcher.key(self._interaction(number).request)
            self._waiting.setdefault(key, []).append(number)
            self._waiting[key].sort()
        return bool(edited)

    def unplayed(self) -> list[str]:
        """The ids of the recordings that were not played, in the order of the cassette."""
        return [self._ids[number] for number in self._unplayed()]

    def unused(self) -> list[str]:
        """The same without telemetry: whether a program sends it again says nothing about the program."""
        return [self._ids[number] for number in self._unplayed() if not self._is_telemetry(number)]

    def _is_telemetry(self, number: int) -> bool:
        return self._loaded.protocol(number) == telemetry.DIALECT.name

    def candidates(self, most: int = 200) -> Iterator[Interaction]:
        """Recordings to compare a miss with: unplayed ones first, `most` at the most.

        One that cannot be read is left out: it is an error of its own when it is asked for.
        """
        rest = sorted(number for numbers in self._played.values() for number in numbers)
        for number in [*self._unplayed(), *rest][:most]:
            try:
                interaction = self._interaction(number)
            except CassetteError:
                continue
            yield interaction

    def everything(self) -> Iterator[tuple[str, int, Interaction]]:
        """Each recording that can be read, played or not: its key, its number, and the whole of it."""
        self._rekey_edited()
        held = [*self._waiting.items(), *self._played.items()]
        for number, key in sorted((number, key) for key, numbers in held for number in numbers):
            try:
                interaction = self._interaction(number)
            except CassetteError:
                continue
            yield key, number, interaction

    def at(self, number: int) -> Interaction:
        """The recording with this number, which does not count as played. Raises `CassetteError`."""
        return self._interaction(number)

    def is_waiting(self, key: str, number: int) -> bool:
        """True if this recording of `key` was not played yet."""
        return number in self._waiting.get(key, ())

    def play(self, key: str, number: int) -> None:
        """Count this recording of `key` as played."""
        self._plays[number] += 1
        if self.is_waiting(key, number):
            self._use(key, number)

    def urls(self) -> Iterator[str]:
        """The URL of each recording that can be read."""
        for interaction in self.candidates(len(self)):
            yield interaction.request.url

    def close(self) -> None:
        """Nothing is played any more: what was, is counted as saved."""
        ledger.close(self._plays)

    def __len__(self) -> int:
        return len(self._ids)

    def _unplayed(self) -> list[int]:
        self._hear()
        return sorted(number for numbers in self._waiting.values() for number in numbers)

    def _nearest_host(self, numbers: list[int], request: Request) -> int:
        if len(numbers) == 1:
            return numbers[0]
        host = host_of(request.url)
        return next((number for number in numbers if self._host(number) == host), numbers[0])

    def _host(self, number: int) -> str:
        if number not in self._hosts:
            self._hosts[number] = host_of(self._interaction(number).request.url)
        return self._hosts[number]

    def _answer(self, number: int, request: Request) -> Interaction:
        return self._loaded.answer(number, request)

    def _interaction(self, number: int) -> Interaction:
        return self._loaded.interaction(number)

    @property
    def _loaded(self) -> Cassette:
        if self._cassette is None:
            raise LookupError("no cassette")
        return self._cassette
