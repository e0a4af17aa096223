"""What importing costs, over a bare interpreter: `tokentape`, and the pytest plugin over pytest."""

from __future__ import annotations

import subprocess
import sys

from benchmarks.measure import Row, interleaved

CODE = "import time; start = time.perf_counter(); {}; print(time.perf_counter() - start)"


def run(*, quick: bool = False) -> list[Row]:
    """Milliseconds in a fresh process, the median of several."""
    jobs = {
        "import tokentape": lambda: _seconds("import tokentape"),
        "import tokentape and use_cassette": lambda: _seconds("import tokentape; tokentape.use_cassette"),
        "the pytest plugin": lambda: _seconds("import tokentape.pytest_plugin", before="import pytest; "),
    }
    figures = interleaved(jobs, 1 if quick else 11)
    limits = {"import tokentape": 20, "the pytest plugin": 30}
    middle = {name: sorted(values)[len(values) // 2] for name, values in figures.items()}
    return [Row(name, value * 1000, "ms", limits.get(name)) for name, value in middle.items()]


def _seconds(statement: str, before: str = "") -> float:
    done = subprocess.run(
        [sys.executable, "-c", before + CODE.format(statement)], capture_output=True, text=True, check=True
    )
    return float(done.stdout)


if __name__ == "__main__":
    print(*run(), sep="\n")
