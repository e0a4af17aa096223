"""Which rows are one call, and which are turns of one conversation: by digests, in a database beside.

A call that was recorded several times (retries, duplicates, another run) counts once: prompt, model and
parameters are equal. The last whole answer stands; where there is none, the last one, with what is wrong.

A turn whose history begins with another row's conversation belongs to the cluster of that row, and so does
one that goes on from its reply by id (Responses). Answers in a cluster are not independent of each other.

SQLite keeps some hundred bytes for each row, on disk where that is much.
"""

from __future__ import annotations

import sqlite3
from hashlib import blake2b
from typing import TYPE_CHECKING, NamedTuple

from tokentape.evaluation.corpus.sampling import IN_TURN, lot

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tokentape.evaluation.corpus.row import Row
    from tokentape.evaluation.corpus.sampling import Sample

_TABLES = """
CREATE TABLE met (
    nth INTEGER PRIMARY KEY, handle BLOB UNIQUE, same BLOB, whole INTEGER, at TEXT, root BLOB,
    matches INTEGER, stratum TEXT, lot BLOB, why TEXT);
CREATE TABLE standing (nth INTEGER PRIMARY KEY, times INTEGER);
CREATE TABLE chosen (nth INTEGER PRIMARY KEY);
CREATE TABLE root_of (link BLOB PRIMARY KEY, root BLOB) WITHOUT ROWID;
CREATE TABLE begins_with (link BLOB, root BLOB, PRIMARY KEY (link, root)) WITHOUT ROWID;
CREATE TABLE under (root BLOB PRIMARY KEY, parent BLOB) WITHOUT ROWID;
"""


class Standing(NamedTuple):
    """What is known of a row that counts: for how many recordings it stands, and its cluster."""

    times: int
    cluster: str


class Groups:
    """Takes every row once, in any order, and then tells which of them count."""

    def __init__(self) -> None:
        # No name: SQLite's own temporary file, which is written only where its cache is too small.
        self.connection = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self.connection.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;" + _TABLES)
        self.clusters = Clusters(self.connection)

    def close(self) -> None:
        """Forget everything."""
        self.connection.close()

    def add(self, row: Row, *, matches: bool = True, stratum: str = "") -> None:
        """Take a row. One that does not match counts for clusters only."""
        self.connection.execute(
            "INSERT OR IGNORE INTO met (handle, same, whole, at, root, matches, stratum, lot, why) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                row.handle,
                row.same,
                not row.why_not,
                row.interaction.timing.at.removesuffix("Z"),
                self.clusters.add(row),
                matches,
                _storable(stratum),
                lot(row.same),
                _storable(row.why_not),
            ),
        )

    def settle(self, sample: Sample | None = None) -> None:
        """All rows are there: find out which of each call stands, and which usable ones are in the sample."""
        run = self.connection.execute
        run("DELETE FROM standing")
        run("DELETE FROM chosen")
        run(
            "INSERT INTO standing SELECT nth, times FROM (SELECT nth, "
            "count(*) OVER (PARTITION BY same) AS times, "
            "row_number() OVER (PARTITION BY same ORDER BY whole DESC, at DESC, nth DESC) AS place "
            "FROM met WHERE matches) WHERE place = 1"
        )
        usable = self.count("usable")
        run(
            f"INSERT INTO chosen SELECT nth FROM (SELECT nth, lot, {IN_TURN} AS turn "
            "FROM standing JOIN met USING (nth) WHERE whole) ORDER BY turn, lot, nth LIMIT ?",
            (usable if sample is None else sample.size(usable),),
        )

    def standing(self, row: Row) -> Standing | None:
        """What is known of a chosen row; None for others: another stands for it, or it was not there."""
        found = self.connection.execute(
            "SELECT times, root FROM met JOIN chosen USING (nth) JOIN standing USING (nth) WHERE handle = ?",
            (row.handle,),
        ).fetchone()
        return None if found is None else Standing(found[0], self.clusters.name(found[1]))

    def count_clusters(self) -> int:
        """How many conversations the chosen rows are turns of."""
        roots = self.connection.execute("SELECT DISTINCT root FROM met JOIN chosen USING (nth)")
        return len({self.clusters.top(root) for (root,) in roots.fetchall()})

    def count(self, what: str) -> int:
        """How many rows "match", "stand", stand and are "usable", or are "chosen" of these."""
        [(count,)] = self.connection.execute(_COUNTS[what])
        return int(count)

    def reasons(self) -> Iterator[tuple[str, int]]:
        """Why standing rows cannot be used, the most frequent first."""
        yield from self.connection.execute(
            "SELECT why, count(*) AS often FROM standing JOIN met USING (nth) WHERE NOT whole "
            "GROUP BY why ORDER BY often DESC, why"
        )


_COUNTS = {
    "match": "SELECT count(*) FROM met WHERE matches",
    "stand": "SELECT count(*) FROM standing",
    "chosen": "SELECT count(*) FROM chosen",
    "usable": "SELECT count(*) FROM standing JOIN met USING (nth) WHERE whole",
}


class Clusters:
    """Which conversation a turn belongs to: the shortest one of the corpus that its history begins with.

    A conversation that nothing is known to come before is a root. It waits for each beginning of its own
    history: should one of them turn up as a conversation, that one is the root from then on.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def add(self, row: Row) -> bytes:
        """Take a row; the root of its cluster as far as it is known by now."""
        root = self._continued(row) or self._by_history(row.links) or row.handle
        reply = row.reply
        if row.dialect == _WITH_STATE and reply is not None and reply.id:
            self._join(_name("reply", reply.id), root)
        return root

    def name(self, root: bytes) -> str:
        """The name of the cluster."""
        return self.top(root).hex()[:16]

    def _continued(self, row: Row) -> bytes | None:
        """The root of a turn that goes on from state kept at the provider."""
        asked = row.conversation
        state = asked.continuation if asked is not None else None
        if state is None:
            return None
        if state.previous_response_id:
            return _name("reply", state.previous_response_id)
        return _name("conversation", repr(state.conversation)) if state.conversation else None

    def _by_history(self, links: list[bytes]) -> bytes | None:
        if not links:
            return None
        known = (self._root(link) for link in links)
        root = next((found for found in known if found is not None), None)
        if root is None:
            root = links[-1]
            waiting = [(link, root) for link in links[:-1]]
            self._connection.executemany("INSERT OR IGNORE INTO begins_with VALUES (?, ?)", waiting)
        end = links[-1]
        if self._root(end) is None:
            self._connection.execute("INSERT INTO root_of VALUES (?, ?)", (end, root))
            waited = self._connection.execute("SELECT root FROM begins_with WHERE link = ?", (end,))
            for other in {self.top(other) for (other,) in waited.fetchall()}:
                self._join(other, root)
            self._connection.execute("DELETE FROM begins_with WHERE link = ?", (end,))
        return root

    def _root(self, link: bytes) -> bytes | None:
        found = self._connection.execute("SELECT root FROM root_of WHERE link = ?", (link,)).fetchone()
        return None if found is None else bytes(found[0])

    def _join(self, root: bytes, other: bytes) -> None:
        below, above = self.top(root), self.top(other)
        if below != above:
            self._connection.execute("INSERT INTO under VALUES (?, ?)", (below, above))

    def top(self, root: bytes) -> bytes:
        """The root above which nothing is known. All that led there are put right under it, so that the way
        is gone once, however many ask.
        """
        met: list[bytes] = []
        while (parent := self._parent(root)) is not None:
            met.append(root)
            root = parent
        # The last one is right under it already.
        self._connection.executemany(
            "UPDATE under SET parent = ? WHERE root = ?", [(root, each) for each in met[:-1]]
        )
        return root

    def _parent(self, root: bytes) -> bytes | None:
        found = self._connection.execute("SELECT parent FROM under WHERE root = ?", (root,)).fetchone()
        return None if found is None else bytes(found[0])


_WITH_STATE = "openai.responses"
"""The dialect whose requests go on from an earlier reply by its id."""


def _name(kind: str, id: str) -> bytes:
    return blake2b(f"{kind}\0{id}".encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _storable(text: str) -> str:
    """SQLite's text is UTF-8, which half a character is not."""
    return text.encode("utf-8", "replace").decode()
