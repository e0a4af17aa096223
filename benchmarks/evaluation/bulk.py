"""The same job over columns: the corpus is exported to Parquet, and Daft scores it on this machine. Prints JSON as
`agentrec_peer` does, for one of the two steps.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from pathlib import Path

from benchmarks.evaluation.making import CASSETTE
from tokentape.evaluation.bulk.exporting import Into, export
from tokentape.evaluation.bulk.scoring import rates, verdicts
from tokentape.evaluation.corpus.choosing import Corpus
from tokentape.evaluation.corpus.rows import Seen, rows

ROWS = 20_000


def exported(place: str, folder: str) -> int:
    """The questions with their answers; how many rows there are."""
    seen, here = Seen(), f"sqlite:{place}#{CASSETTE}"
    with Corpus(here) as corpus:
        done = export(corpus, Into(folder, ROWS), seen, answers=[f"sqlite:{place}"], named=rows(here))
    return done.questions


def scored(folder: str, compare: str) -> dict[str, list[object]]:
    """Keyed, grouped, joined, compared, summed up."""
    os.environ.setdefault("DAFT_PROGRESS_BAR", "0")
    found = rates(verdicts([f"{folder}/*.parquet"], compare).collect())
    return {
        str(one["comparator"]): [one["passed"], one["failed"], one["score"], one["rows"]] for one in found
    }


def main(step: str, place: str, more: str) -> None:
    """One step, in a process of its own."""
    start, started = time.perf_counter(), time.process_time()
    found = exported(place, more) if step == "export" else scored(place, more)
    told = {
        "seconds": time.perf_counter() - start,
        "cpu": time.process_time() - started + _children(),
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "rows": found if isinstance(found, int) else max(int(str(one[3])) for one in found.values()),
        "totals": {} if isinstance(found, int) else {name: one[:3] for name, one in found.items()},
    }
    print(json.dumps(told))


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))
    main(*sys.argv[1:])
