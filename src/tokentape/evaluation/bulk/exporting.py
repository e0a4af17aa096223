"""Rows into Parquet files: some at a time, so that memory stays flat, and in place once all are there."""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import TYPE_CHECKING
from uuid import uuid4

from tokentape import __version__
from tokentape.errors import UsageError
from tokentape.evaluation.bulk.columns import arrow_schema
from tokentape.evaluation.bulk.lineage import Questions
from tokentape.evaluation.bulk.taken import taken
from tokentape.evaluation.corpus.rows import LINEAGE, cassettes_of, rows_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import pyarrow.parquet as pq  # type: ignore[import-untyped, import-not-found, unused-ignore]

    from tokentape.evaluation.bulk.taken import Values
    from tokentape.evaluation.corpus.row import Row
    from tokentape.evaluation.corpus.rows import Seen

ENDING = ".parquet"
GROUP_ROWS, GROUP_BYTES = 4096, 16_000_000
"""Rows of a row group, and characters of their bodies: a group is written when it has either."""


def demand(package: str, extra: str, command: str) -> None:
    """Raises `UsageError` if the package is not installed."""
    if find_spec(package) is None:
        raise UsageError(f"{command}: needs {package}: pip install 'tokentape[{extra}]'")


@dataclass(slots=True)
class Exported:
    """What was written."""

    questions: int = 0
    answers: int = 0
    strays: int = 0
    """Answers of questions that are not in the export: left out."""
    files: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Into:
    """Where rows go: one file where `place` ends as `.parquet` does, else a folder of files, each of
    `rows_per_file` rows. What is there is replaced with `force` only.
    """

    place: str
    rows_per_file: int | None = None
    force: bool = False

    @property
    def is_folder(self) -> bool:
        """True for several files."""
        return not self.place.endswith(ENDING)

    def check(self) -> None:
        """Raises `UsageError` for one file that is to be several."""
        if self.rows_per_file and not self.is_folder:
            raise UsageError(f"{self.place}: several files go into a folder: name one, without {ENDING}")


def export(
    rows: Iterable[Row], into: Into, seen: Seen, *, answers: Sequence[str] = (), named: Iterable[Row] = ()
) -> Exported:
    """Write the rows, and the answers to them at the places `answers`. `named` are all rows that answers may
    name as their question, whether they are exported or not.

    Raises `UsageError` as `Into.check` and `whole` do, and for an extra that is not there.
    """
    demand("pyarrow", "parquet", "export")
    into.check()
    done = Exported()
    with whole(into.place, force=into.force) as partial, _Writer(partial, into) as writer:
        for values in _all(rows, answers, named, seen, done):
            writer.add(values)
    done.files = [os.path.join(into.place, name) if into.is_folder else into.place for name in writer.names]
    return done


def _all(
    rows: Iterable[Row], answers: Sequence[str], named: Iterable[Row], seen: Seen, done: Exported
) -> Iterator[Values]:
    questions = Questions()
    try:
        for row in rows:
            questions.add(row)
            yield taken(row, done.questions)
            done.questions += 1
        if answers:
            for row in named:
                questions.name(row)
            yield from _answers(answers, questions, seen, done)
    finally:
        questions.close()


def _answers(places: Sequence[str], questions: Questions, seen: Seen, done: Exported) -> Iterator[Values]:
    """The answers of targets, each once for every question that it is of."""
    for where in cassettes_of(places):
        for row in rows_of(where, seen):
            id, target, sample = (row.metadata.get(name) for name in (LINEAGE, "target", "sample"))
            if not (isinstance(id, str) and isinstance(target, str)):
                continue
            found = questions.of(id, row.key)
            done.strays += not found
            for handle in found:
                values = taken(row, done.questions + done.answers)
                number = sample if isinstance(sample, int) else 1
                yield {**values, "question": handle, "target": target, "sample": number}
                done.answers += 1


class _Writer:
    """Into one file, or into numbered ones in a folder."""

    def __init__(self, path: str, into: Into) -> None:
        self._path, self._most, self._with_folder = path, into.rows_per_file, into.is_folder
        self._schema = arrow_schema(tokentape=__version__)
        self._held: list[Values] = []
        self._size = self._rows = 0
        self._file: pq.ParquetWriter | None = None
        self.names: list[str] = []

    def __enter__(self) -> _Writer:
        if self._with_folder:
            os.makedirs(self._path)
        self._open()
        return self

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        if kind is None:
            self._flush()
        if self._file is not None:
            self._file.close()

    def add(self, values: Values) -> None:
        """One row more."""
        if self._most and self._rows == self._most:
            self._flush()
            self._open()
        self._held.append(values)
        self._rows += 1
        self._size += sum(len(value) for value in values.values() if isinstance(value, str | bytes))
        if len(self._held) >= GROUP_ROWS or self._size >= GROUP_BYTES:
            self._flush()

    def _open(self) -> None:
        import pyarrow.parquet as pq

        if self._file is not None:
            self._file.close()
        self._rows = 0
        self.names.append(f"part-{len(self.names):05}{ENDING}")
        path = os.path.join(self._path, self.names[-1]) if self._with_folder else self._path
        self._file = pq.ParquetWriter(path, self._schema, compression="zstd")

    def _flush(self) -> None:
        import pyarrow as pa

        if self._held and self._file is not None:
            self._file.write_table(pa.Table.from_pylist(self._held, self._schema))
        self._held.clear()
        self._size = 0


@contextmanager
def whole(place: str, *, force: bool) -> Iterator[str]:
    """A place beside `place` to write to: what is there at the end of the block, file or folder, is moved to
    `place`, and gone if the block fails. Raises `UsageError` where something is, unless `force` replaces it.
    """
    if os.path.lexists(place) and not force:
        raise UsageError(f"{place} exists already; --force replaces it")
    partial = f"{place.rstrip('/')}.{uuid4().hex[:8]}.partial"
    try:
        yield partial
        _move(partial, place)
    except BaseException:
        _remove(partial)
        raise


def _move(partial: str, place: str) -> None:
    """Put what is whole where it belongs; what was there goes."""
    if not (os.path.isdir(place) and not os.path.islink(place)):
        os.replace(partial, place)
        return
    old = f"{partial}.old"
    os.rename(place, old)
    os.rename(partial, place)
    shutil.rmtree(old)


def _remove(path: str) -> None:
    if os.path.isdir(path):
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(FileNotFoundError):
            os.remove(path)
