"""How soon a report page with 10 000 rows can be used, opened from disk in a headless Chromium.

The times are the page's own, by its performance clock. "Ready": from the start of the navigation until figures,
charts and list are drawn. Then a key is pressed until the next row is open; a filter is
set until the list follows; a word is searched in everything, for the first time, which reads every row.
"""

from __future__ import annotations

import random
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from benchmarks.measure import Row
from tokentape.viewer.html import write_html

if TYPE_CHECKING:
    from playwright.sync_api import Browser

NOTE = "Prompts have 3 000 characters of words drawn at random, which hardly compress: a large file."
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
)
WORDS = 3_000
TIMED = """async ([act, wanted]) => {
  const seen = () => document.querySelector(wanted) !== null;
  const before = performance.now();
  const field = document.querySelector("input[type=search]");
  if (act === "search") { field.value = "refund"; field.dispatchEvent(new Event("input", { bubbles: true })); }
  else if (act === "filter") {
    const choice = document.querySelector("select[name=category]");
    choice.value = "schedule"; choice.dispatchEvent(new Event("change", { bubbles: true }));
  } else document.dispatchEvent(new KeyboardEvent("keydown", { key: act }));
  while (!seen()) await new Promise(requestAnimationFrame);
  return performance.now() - before;
}"""


def run(*, quick: bool = False) -> list[Row]:
    """Medians of pages that each open in a context of their own; nothing without a browser."""
    count, rounds = (40, 1) if quick else (10_000, 5)
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        return []
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        page = Path(folder, "report.html")
        writing, ids = _write(page, count)
        size = page.stat().st_size / 2**20
        browser = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        found = [_look(browser, page.as_uri(), ids) for _ in range(rounds)]
        browser.close()
    ready, key, filtered, searched = (median(one) / 1000 for one in zip(*found, strict=True))
    return [
        Row(f"a report page with {count} rows: ready", ready, "s", limit=2),
        Row("the next row, by key", key * 1000, "ms"),
        Row("a filter", filtered * 1000, "ms"),
        Row("the first search in everything", searched, "s"),
        Row("size of the file", size, "MiB"),
        Row("writing it, processor time", writing, "s"),
    ]


def _write(path: Path, count: int) -> tuple[float, list[str]]:
    sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "viewer"))
    from made_report import made_report

    figures, rows = made_report(count)
    long = list(_lengthened(rows))
    before = time.process_time()
    with path.open("w", encoding="utf-8") as out:
        write_html(out, figures, long)
    return time.process_time() - before, [row["id"] for row in rows]


def _lengthened(rows: list[dict]) -> Iterator[dict]:
    chance = random.Random(1)
    words = [
        "".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=chance.randrange(2, 10)))
        for _ in range(20_000)
    ]
    for row in rows:
        text = " ".join(chance.choices(words, k=WORDS // 6))
        yield {**row, "asked": [*row["asked"], {"role": "user", "kind": "text", "text": text}]}


def _look(browser: Browser, url: str, ids: list[str]) -> tuple[float, ...]:
    with browser.new_context(viewport={"width": 1400, "height": 900}) as context:
        page = context.new_page()
        page.goto(url)
        page.locator(f".detail[aria-label='Row {ids[0]}']").wait_for()
        ready = page.evaluate("performance.getEntriesByName('ready')[0].startTime")
        key = page.evaluate(TIMED, ["j", f".detail[aria-label='Row {ids[1]}']"])
        filtered = page.evaluate(TIMED, ["filter", "select.chosen[name=category]"])
        searched = page.evaluate(TIMED, ["search", "output.shown[data-for=refund]"])
    return ready, key, filtered, searched
