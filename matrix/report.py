"""Results as JSON, one file an environment, and what a person sees of them while they come."""

from __future__ import annotations

import datetime
import json
import platform
import re
from dataclasses import asdict
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from matrix.page import page
from matrix.scenarios import SCENARIOS

if TYPE_CHECKING:
    from matrix.case import Sdk
    from matrix.run import Result

ROOT = Path(__file__).parent.parent
RESULTS = ROOT / "build" / "matrix"
PAGE = ROOT / "docs" / "reference" / "sdk-matrix.md"
MARK = "cell: "


def line(result: Result) -> str:
    """One result, so that it can be told from what an SDK prints."""
    return MARK + json.dumps(asdict(result))


def row(sdk: Sdk, lines: list[str], problem: str) -> dict[str, Any]:
    """An SDK's results with the versions they are of. Cells that a problem cut off failed by it."""
    cells = [json.loads(text.removeprefix(MARK)) for text in lines if text.startswith(MARK)]
    known = {(cell["side"], cell["scenario"]) for cell in cells}
    for name in sdk.sides:
        for scenario in SCENARIOS:
            if (name, scenario.name) not in known:
                note = problem or "no result"
                cells.append({"side": name, "scenario": scenario.name, "verdict": "failed", "note": note})
    through = {
        name: _through(side.through, _seams(cells, name))
        for name, side in sdk.sides.items()
        if not isinstance(side, str)
    }
    return {"sdk": sdk.name, "version": _version(sdk), "through": through, "cells": cells}


def _version(sdk: Sdk) -> str:
    distribution = re.split(r"[\[<>=~! ]", sdk.requires[0])[0]
    try:
        return f"{distribution} {metadata.version(distribution)}"
    except metadata.PackageNotFoundError:
        return distribution


def _seams(cells: list[dict[str, Any]], side: str) -> list[str]:
    """Where the calls of a side were recorded."""
    return sorted({seam for cell in cells if cell["side"] == side for seam in cell.get("seams", ())})


def _through(names: str, seams: list[str]) -> str:
    """What the entry names, with its version. Of `a or b`, the one at which calls were recorded; where that
    was another, which lies above or below it, both.
    """
    known = names.split(" or ")
    for name in seams:
        if name in known:
            return _versioned(name)
    first = next((name for name in known if _versioned(name) != name), names)
    return f"{_versioned(first)}, at {', '.join(map(_versioned, seams))}" if seams else _versioned(first)


def _versioned(name: str) -> str:
    try:
        return f"{name} {metadata.version(name)}"
    except metadata.PackageNotFoundError:
        return name


def failures(found: dict[str, Any]) -> int:
    """How many cells of a row failed."""
    return sum(cell["verdict"] == "failed" for cell in found["cells"])


def shown(found: dict[str, Any]) -> str:
    """A row as the terminal shows it."""
    count = sum(cell["verdict"] == "ok" for cell in found["cells"])
    lines = [f"{found['sdk']} ({found['version']}): {count} ok, {failures(found)} failed"]
    lines += [
        f"    {cell['side']} {cell['scenario']} {cell['verdict']}: {cell['note'][:600]}"
        for cell in found["cells"]
        if cell["verdict"] in ("failed", "fails alone")
    ]
    return "\n".join(lines)


def keep(environment: str, rows: list[dict[str, Any]], problem: str = "") -> None:
    """Write an environment's results to its file. `problem`: why there are none."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    about: dict[str, Any] = {"environment": environment, "python": platform.python_version(), "rows": rows}
    about |= {"problem": problem} if problem else {}
    (RESULTS / f"{environment}.json").write_text(json.dumps(about, indent=1), encoding="utf-8")


def write_page() -> int:
    """The page of the docs from all results there are; 1 if a cell failed."""
    found = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in RESULTS.glob("*.json")}
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    PAGE.write_text(page(found, today, metadata.version("tokentape")), encoding="utf-8")
    return int(any(failures(row) for about in found.values() for row in about["rows"]))
