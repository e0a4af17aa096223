"""A gateway in a process of its own, for tests that kill it: `python gw_responses_worker.py UPSTREAM STORE`.

Writes its URL to standard output, and serves until it is ended.
"""

from __future__ import annotations

import sys
import threading
from pathlib import Path

sys.path.append(str(Path(__file__).parent))

from running import running, setup, upstream

from tokentape.gateway.responses.options import StateOptions


def main(url, store):
    options = StateOptions(store=store, poll=0.02)
    with running(setup(upstream(url)), state=options) as gateway:
        print(gateway.url, flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main(*sys.argv[1:])
