"""What `tokentape run` adds to the start of a program, and of each Python process that it starts."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from functools import partial

from benchmarks.measure import Row, interleaved, seconds
from benchmarks.recorders import quiet

TOKENTAPE = "import sys; from tokentape.cli.main import main; sys.exit(main())"
NOTHING = (sys.executable, "-c", "pass")
CHILD = (
    sys.executable,
    "-c",
    "import subprocess, sys; subprocess.run([sys.executable, '-c', 'pass'], check=True)",
)


def run(*, quick: bool = False) -> list[Row]:
    """Milliseconds, the medians of runs in turns."""
    with tempfile.TemporaryDirectory() as folder:
        launched = (sys.executable, "-c", TOKENTAPE, "run", "--cassette", f"{folder}/tape.json", "--")
        jobs = {
            "python": NOTHING,
            "run": (*launched, *NOTHING),
            "python, one child": CHILD,
            "run, one child": (*launched, *CHILD),
        }
        rounds = 1 if quick else 11
        figures = interleaved(
            {name: partial(seconds, partial(_start, job)) for name, job in jobs.items()}, rounds
        )
    middle = {name: sorted(values)[len(values) // 2] * 1000 for name, values in figures.items()}
    alone = middle["run"] - middle["python"]
    return [
        Row("python -c pass", middle["python"], "ms"),
        Row("tokentape run adds to it", alone, "ms"),
        Row(
            "and to each Python process it starts",
            middle["run, one child"] - middle["python, one child"] - alone,
            "ms",
        ),
    ]


def _start(command: tuple[str, ...]) -> None:
    subprocess.run(command, check=True, capture_output=True)


if __name__ == "__main__":
    quiet()
    print(*run(), sep="\n")
