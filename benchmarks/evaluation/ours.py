"""What `tokentape report --compare exact,fuzzy,json` does, up to its pages: the corpus is read, keyed and
grouped, the answers are looked up, and each pair is compared. Prints JSON as `agentrec_peer` does.
"""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import time
from collections import Counter, defaultdict

from benchmarks.evaluation.making import CANDIDATE, CASSETTE
from tokentape.cassettes.stores.sqlite import SqliteStore
from tokentape.evaluation.asking.answers import ANSWERS, open_lane
from tokentape.evaluation.asking.budget import Budget
from tokentape.evaluation.asking.means import RESTING, Means
from tokentape.evaluation.asking.purse import Purse
from tokentape.evaluation.comparing.spec import comparators_of
from tokentape.evaluation.corpus.choosing import Corpus
from tokentape.evaluation.scoring.scored import Scored, Status
from tokentape.evaluation.scoring.scoring import Scoring
from tokentape.upstreams.pools.pools import Pools


def main(place: str, compare: str) -> None:
    """One pass."""
    start, started = time.perf_counter(), time.process_time()
    passed: defaultdict[str, Counter[bool | None]] = defaultdict(Counter)
    scores: defaultdict[str, list[float]] = defaultdict(lambda: [0.0, 0])
    statuses: Counter[Status] = Counter()

    def told(scored: Scored) -> None:
        statuses[scored.status] += 1
        for name, verdict in scored.verdicts.items():
            if verdict.score is not None:
                passed[name][verdict.passed] += 1
                scores[name][0] += verdict.score
                scores[name][1] += 1

    with Corpus(f"sqlite:{place}#{CASSETTE}") as corpus:
        grouped = time.process_time() - started
        lane = open_lane(SqliteStore(place), ANSWERS, CANDIDATE, asks=False, repeat="cycle")
        means = Means(None, Pools((), RESTING), Purse(Budget(None)))  # type: ignore[arg-type]
        scoring = Scoring(corpus, [lane], means, comparators_of(compare), None)  # type: ignore[arg-type]
        asyncio.run(scoring.run(told))
    found = {
        "seconds": time.perf_counter() - start,
        "cpu": time.process_time() - started,
        "grouped": grouped,
        "rows": statuses[Status.ANSWERED],
        "statuses": statuses,
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "totals": {
            name: [passed[name][True], passed[name][False], one[0] / one[1]] for name, one in scores.items()
        },
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
