"""What agentrec does for `agentrec report --compare exact,fuzzy,json`, up to its pages: run by a Python that has it.

Read every recording, key and group it, find its recorded answer, compare. Prints JSON: seconds of CPU, rows,
peak memory, and what each comparator says in total.
"""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import time

from agentrec.comparators import build_comparators
from agentrec.migration import run_migration
from agentrec.store import FileStore


def main(folder: str, target: str, compare: str) -> None:
    """One report."""
    start, started = time.perf_counter(), time.process_time()
    store = FileStore(folder)
    report = asyncio.run(run_migration(store, target, build_comparators(compare, store=store), offline=True))
    totals = {one.comparator: [one.passed, one.failed, one.mean_score] for one in report.aggregates()}
    found = {
        "seconds": time.perf_counter() - start,
        "cpu": time.process_time() - started,
        "rows": len(report.ok_rows),
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "totals": totals,
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
