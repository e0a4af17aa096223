"""A part of a corpus that is the same in every run: `--sample 200`, `--sample 10%`.

Each call draws a lot from its prompt, model and parameters, so where and when it was recorded does not
matter. The lowest lots are taken: a larger sample has the smaller one in it. Where categories are asked for,
they take turns by rank / size (the divisor method of Adams): each of them gets a row before the largest get
many, shares are in proportion to sizes, and a larger sample is a superset here, too.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from hashlib import blake2b

from tokentape.errors import UsageError

_NUMBER = re.compile(r"(?P<number>[0-9]{1,12})|(?P<percent>[0-9]{1,3}(?:\.[0-9]{1,6})?)\s*%")


@dataclass(frozen=True, slots=True)
class Sample:
    """How much: a number of rows, or a share of them."""

    number: int | None = None
    share: float | None = None

    @classmethod
    def of(cls, text: str) -> Sample:
        """From `200` or `10%`. Raises `UsageError` for anything else."""
        found = _NUMBER.fullmatch(text.strip())
        if found is not None and found["number"] and int(found["number"]) > 0:
            return cls(number=int(found["number"]))
        if found is not None and found["percent"] and 0 < float(found["percent"]) <= 100:
            return cls(share=float(found["percent"]) / 100)
        raise UsageError(f"sample {text!r}: give a number of rows such as 200, or a share such as 10%")

    def size(self, total: int) -> int:
        """How many rows of `total`; a share is rounded up, so that it is never nothing."""
        if self.number is not None:
            return min(self.number, total)
        return min(total, math.ceil((self.share or 0) * total - 1e-9))


def lot(same: bytes) -> bytes:
    """What a call draws; `same` is `Row.same`."""
    return blake2b(same, digest_size=8, person=b"sample").digest()


IN_TURN = """
    (row_number() OVER (PARTITION BY stratum ORDER BY lot, nth) - 1.0) / count(*) OVER (PARTITION BY stratum)
"""
"""When a row has its turn, in SQL, over rows with `nth`, `lot`, `stratum`: those of equal turn go by lot."""
