"""`python -m tokentape.testing.provider`: serve until interrupted; prints one line, the URL."""

from __future__ import annotations

import argparse
import signal
import sys
import threading

from tokentape.testing.provider.provider import Provider


def main(arguments: list[str] | None = None) -> int:
    """Serve. Exit code 0 after an interrupt, 2 if the port cannot be had."""
    options = _parser().parse_args(arguments)
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    try:
        with Provider(host=options.host, port=options.port, gap=options.gap) as provider:
            print(provider.url, flush=True)
            stopped.wait()
    except OSError as error:
        print(f"port {options.port} on {options.host} cannot be had: {error.strerror}", file=sys.stderr)
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tokentape.testing.provider", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=0, help="port to listen on (0: a free one)")
    parser.add_argument("--gap", type=float, default=0.001, help="seconds between two writes of a body")
    return parser


if __name__ == "__main__":
    sys.exit(main())
