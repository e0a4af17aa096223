"""What a format of other tools offers to `tokentape import`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tokentape.cassettes.importers.notes import Notes
    from tokentape.wire.interaction import Interaction, Json


@dataclass(frozen=True, slots=True)
class Given:
    """The file to import. `requests` is the file of the requests, where the replies have one of their own."""

    path: str
    requests: str | None = None


@dataclass(frozen=True, slots=True)
class Format:
    """One format.

    `title`     what its files are called, for people
    `endings`   of the files in a folder that may be of it
    `knows`     True for a JSON record (a line, an entry of the outermost list) that only this format has
    `read`      the interactions, one at a time, without ids and keys; what cannot be kept goes into the
                notes. Raises `CassetteError` and `UsageError` for a file that cannot be read at all
    `pairs`     True where the requests may stand in a file of their own
    `whole`     True where a file is small, and read before its first interaction is written
    """

    name: str
    title: str
    endings: tuple[str, ...]
    knows: Callable[[Json], bool]
    read: Callable[[Given, Notes], Iterator[Interaction]]
    pairs: bool = False
    whole: bool = False
