"""The page of a report that was really made: `tokentape demo migrate`."""

from __future__ import annotations

import base64
import json
import re
import zlib
from dataclasses import fields
from importlib.util import find_spec

import pytest
from made_report import made_report

from cli_runs import run
from tokentape.evaluation.reporting import about, figures
from tokentape.evaluation.statistics.histogram import Histogram
from tokentape.evaluation.statistics.summary import Summary

NEEDED = ("aiohttp", "pydantic", "rapidfuzz", "jsonschema", "playwright")
pytestmark = pytest.mark.skipif(not all(map(find_spec, NEEDED)), reason=f"needs {', '.join(NEEDED)}")


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo")
    ran = run("demo", "migrate", "--keep", folder)
    assert ran.returncode == 0, ran.stderr
    return folder / "report.html"


def data(page, name):
    text = re.search(rf'id="{name}">(.*?)</script>', page.read_text(encoding="utf-8"))[1]
    return json.loads(text if text.startswith("{") else zlib.decompress(base64.b64decode(text)))


def test_the_page_shows_it_all(demo, browser):
    told = data(demo, "tokentape-figures")
    listing = data(demo, "tokentape-listing")
    page = browser.new_page()
    wrong = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda said: wrong.append(said.text))
    page.goto(demo.as_uri())
    page.wait_for_selector("html[data-ready=yes]")
    assert page.locator(".verdict .headline").inner_text() == told["verdict"]["headline"]
    for place, target in enumerate(told["targets"]):
        for line, name in enumerate(told["compare"]):
            rate = next(rate for rate in target["comparators"] if rate["name"] == name)
            cell = page.locator(".targets tbody tr").nth(line).locator("td").nth(place).inner_text()
            assert f"{rate['passed']} of {rate['passed'] + rate['failed']}" in cell
        tokens = page.locator(".targets tr", has_text="Tokens in").locator("td").nth(place).inner_text()
        assert ("the same" in tokens) is (target["tokens_in"]["compared"]["differ"] == 0)
    assert page.locator("output.shown").inner_text().startswith(f"{listing['count']} of")
    for _ in range(12):
        before = page.locator(".detail").get_attribute("aria-label")
        page.keyboard.press("j")
        page.locator(f'.detail:not([aria-label="{before}"])').wait_for()
    page.close()
    assert wrong == []


def test_rows_made_for_tests_are_as_real_ones(demo):
    real = data(demo, "tokentape-block-0")
    made = made_report(64)[1]
    for one in (lambda row: row, lambda row: row["facts"]["after"], lambda row: row["verdicts"][0]):
        assert keys(map(one, filter(answered, real))) == keys(map(one, filter(answered, made)))
    parts = [part for row in real for part in [*row["asked"], *row["before"], *(row["after"] or [])]]
    known = {"role", "kind", "text", "name", "arguments", "media", "type", "bytes", "data", "url", "cut"}
    assert keys(parts) <= known


def answered(row):
    return row["status"] == "answered"


def keys(found):
    return {name for one in found for name in one}


def test_figures_made_for_tests_are_as_real_ones():
    made = made_report(64)[0]
    target = made["targets"][0]
    for kind, value in (
        (figures.Figures, made),
        (figures.Said, made["verdict"]),
        (figures.TargetFigures, target),
        (figures.Outcomes, target["outcomes"]),
        (figures.Rated, target["comparators"][0]),
        (figures.Sides, target["cost"]),
        (figures.Spread, target["distributions"]["cost"]),
        (figures.Group, target["categories"][0]),
        (figures.Beside, target["categories"][0]["cost"]),
        (figures.Between, made["between"][0]),
        (figures.GateResult, made["gates"][0]),
        (about.CorpusSaid, made["corpus"]),
        (about.ChangesSaid, made["changes"]),
        (about.PricesSaid, made["prices"]),
        (Summary, target["distributions"]["cost"]["before"]),
        (Histogram, target["distributions"]["cost"]["before"]["histogram"]),
    ):
        assert {field.name for field in fields(kind)} == set(value) - {"rows_left_out"}, kind.__name__
