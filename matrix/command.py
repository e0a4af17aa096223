"""The command: one entry, this environment, or all of them."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from matrix import report
from matrix.catalog import catalog
from matrix.environments import ENVIRONMENTS

if TYPE_CHECKING:
    from matrix.case import Sdk

ROOT = Path(__file__).parent.parent
LIMIT = 240
"""Seconds an entry may take in a process of its own: a hang is a result too."""


def main(arguments: list[str]) -> int:
    """The exit code is 1 if a cell failed."""
    parser = argparse.ArgumentParser(prog="python -m matrix", description="SDKs recorded and replayed.")
    parser.add_argument("names", nargs="*", help="only these entries")
    parser.add_argument("--here", action="store_true", help="run in this environment")
    parser.add_argument("--entry", help="run this one entry in this process, and print its rows as JSON")
    parser.add_argument("--environment", default="here", help="what to call this environment in the results")
    parser.add_argument("--write", action="store_true", help="write the page from the results there are")
    chosen = parser.parse_args(arguments)
    if chosen.entry:
        return one(chosen.entry)
    if chosen.here:
        return here(chosen.environment, chosen.names)
    if not chosen.write:
        subprocess.run([sys.executable, "-m", "nox", "-s", "sdk_matrix"], cwd=ROOT, check=False)
    return report.write_page()


def one(name: str) -> int:
    """Run one entry, and print its results as JSON, a line each, as they come."""
    from matrix.run import run

    for result in run(catalog()[name]):
        print(report.line(result), flush=True)
    return 0


def here(environment: str, names: list[str]) -> int:
    """Run each entry that can be imported, in a process of its own; keep the results, print them."""
    failed = 0
    rows = []
    for name, sdk in _chosen(environment, names).items():
        row = report.row(sdk, *_apart(name))
        print(report.shown(row), flush=True)
        rows.append(row)
        failed += report.failures(row)
    if not names:
        report.keep(environment, rows)
    return int(failed > 0)


def _chosen(environment: str, names: list[str]) -> dict[str, Sdk]:
    """The entries asked for; else those of the environment, or all, as far as they can be imported."""
    known = catalog()
    if names:
        return {name: known[name] for name in names}
    wanted = ENVIRONMENTS[environment].sdks if environment in ENVIRONMENTS else tuple(known)
    return {name: known[name] for name in wanted if known[name].is_here and not known[name].not_run}


def _apart(name: str) -> tuple[list[str], str]:
    """The lines that the entry printed, and what went wrong with its process."""
    command = [sys.executable, "-W", "ignore", "-m", "matrix", "--entry", name]
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=LIMIT, check=False)
    except subprocess.TimeoutExpired as error:
        said = error.stdout or b""
        lines = (said if isinstance(said, str) else said.decode()).splitlines()
        return lines, f"still running after {LIMIT} s"
    last = (done.stderr.strip().splitlines() or ["it died without a word"])[-1]
    return done.stdout.splitlines(), f"exit code {done.returncode}: {last}" if done.returncode else ""
