"""A corpus: what of the recordings at some places is evaluated, and what is not, with the reasons.

The recordings are read twice. The first time tells which rows fit, which of several recordings of one call
stands, which turns are of one conversation, and which are in the sample; digests of that are kept, no row.
The second time gives the rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tokentape.evaluation.corpus.grouping import Groups
from tokentape.evaluation.corpus.rows import Seen, rows
from tokentape.evaluation.corpus.sampling import Sample
from tokentape.evaluation.corpus.where import Where, field

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tokentape.evaluation.corpus.row import Row
    from tokentape.evaluation.corpus.rows import Prices


@dataclass(frozen=True, slots=True)
class Summary:
    """What a corpus is made of.

    `matching` rows fit the condition; `calls` are left of them where each counts once; `usable` ones have a
    whole answer; `chosen` are in the sample, `clusters` conversations they belong to. `reasons` say why calls
    cannot be used, and how often.
    """

    seen: Seen
    matching: int
    calls: int
    usable: int
    chosen: int
    clusters: int
    reasons: tuple[tuple[str, int], ...]


class Corpus:
    """The rows that are evaluated. To be closed, or used in a `with`.

    `where` is a condition, `sample` a number or share (`200`, `10%`), `by` the name whose values are sampled
    in proportion (`category`); `prices` are one's own, published ones count besides.

    Raises `UsageError` for what is wrong with them, and for a place that is none.
    """

    def __init__(
        self,
        places: str | Iterable[str],
        *,
        where: str | None = None,
        sample: str | None = None,
        by: str | None = None,
        prices: Prices = None,
    ) -> None:
        self._places = [places] if isinstance(places, str) else [*places]
        self._prices = prices
        fits = None if where is None else Where(where)
        stratum = None if by is None else field(by)
        size = None if sample is None else Sample.of(sample)
        self._seen = Seen()
        self._groups = Groups()
        try:
            for row in rows(self._places, self._seen, prices):
                self._groups.add(
                    row,
                    matches=fits is None or fits(row),
                    stratum="" if stratum is None else repr(stratum(row)),
                )
            self._groups.settle(size)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Corpus:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Forget what was found out."""
        self._groups.close()

    def __len__(self) -> int:
        return self._groups.count("chosen")

    def __iter__(self) -> Iterator[Row]:
        """The chosen rows, in the order of the places, each with its cluster; read anew each time.

        What was recorded since the first look is left out.
        """
        for row in rows(self._places, prices=self._prices):
            known = self._groups.standing(row)
            if known is not None:
                row.times, row.cluster = known
                yield row

    @property
    def summary(self) -> Summary:
        """What was found."""
        count = self._groups.count
        return Summary(
            self._seen,
            count("match"),
            count("stand"),
            count("usable"),
            count("chosen"),
            self._groups.count_clusters(),
            tuple(self._groups.reasons()),
        )
