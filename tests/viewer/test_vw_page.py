"""The report page in a real browser: what it says, and how its rows are found."""

from __future__ import annotations

import pytest
from made_report import made_report
from made_rows import COMPARE, TARGETS

FIGURES, ROWS = made_report(300)


@pytest.fixture
def report(opened):
    return opened(FIGURES, ROWS)


def count(test):
    return sum(1 for row in ROWS if test(row))


def has_failed(row, name=None):
    return any(one["passed"] is False and name in (None, one["name"]) for one in row["verdicts"])


def test_the_verdict_comes_first_in_words(report):
    verdict = report.page.locator(".verdict")
    assert "mixed" in verdict.inner_text().lower()
    assert "is being read" not in report.page.locator("body").inner_text()
    assert FIGURES["verdict"]["headline"] in verdict.inner_text()
    assert report.page.locator("h1").inner_text() == FIGURES["title"]
    assert "✗ failed" in report.page.locator(".gates").inner_text()


def test_the_rates_of_each_target_are_those_of_the_figures(report):
    line = report.page.locator(".targets tbody tr").first
    for place, target in enumerate(FIGURES["targets"]):
        rate = target["comparators"][0]
        told = line.locator("td").nth(place).inner_text()
        assert f"{rate['rate']['value'] * 100:.0f} %" in told
        assert f"{rate['passed']} of {rate['passed'] + rate['failed']}" in told


def test_every_part_is_there(report):
    for part in ("summary", "targets", "between", "categories", "models", "distributions", "losses", "rows"):
        assert report.page.locator(f"#{part}").count() == 1
    assert report.page.locator(".chart canvas").count() == 8


@pytest.mark.parametrize(
    ("name", "value", "test"),
    [
        ("target", TARGETS[0], lambda row: row["target"] == TARGETS[0]),
        ("category", "schedule", lambda row: row["category"] == "schedule"),
        ("model", "gpt-4o-mini", lambda row: row["model"] == "gpt-4o-mini"),
        ("status", "skipped", lambda row: row["status"] == "skipped"),
        ("failed", "any", has_failed),
        ("failed", COMPARE[1], lambda row: has_failed(row, COMPARE[1])),
    ],
    ids=["target", "category", "model", "status", "any", "comparator"],
)
def test_a_filter_leaves_the_rows_that_fit(report, name, value, test):
    report.choose(name, value)
    assert report.shown() == count(test)


def test_flagged_rows(report):
    report.page.get_by_label("flagged").check()
    assert report.shown() == count(lambda row: any(one["flags"] for one in row["verdicts"]))


def test_filters_add_up_and_are_cleared_together(report):
    report.choose("target", TARGETS[1])
    report.choose("failed", COMPARE[0])
    assert report.shown() == count(lambda row: row["target"] == TARGETS[1] and has_failed(row, COMPARE[0]))
    report.page.get_by_role("button", name="Clear filters").click()
    assert report.shown() == len(ROWS)


def test_the_search_reads_prompts_replies_and_arguments(report):
    report.search("WAREHOUSE monday")
    texts = [str(row["asked"] + row["before"] + (row["after"] or [])).lower() for row in ROWS]
    assert report.shown() == sum("warehouse" in text and "monday" in text for text in texts)
    number = next(part["arguments"] for row in ROWS for part in row["before"] if part["kind"] == "call")[
        "topic"
    ]["ticket"]
    assert number > 2**53
    report.search(str(number))
    assert report.shown() >= 1
    report.search("no such words anywhere")
    assert "No row is like that" in report.page.locator(".browser").inner_text()


def test_a_category_of_the_table_shows_its_rows(report):
    report.page.locator("#categories").get_by_role("button", name="extract").click()
    assert report.shown() == count(lambda row: row["category"] == "extract" and row["target"] == TARGETS[0])


def test_the_worst_row_is_first_and_other_orders_can_be_had(report):
    pane = report.page.locator(".pane")
    pane.locator(".detail").wait_for()
    assert ROWS[0]["id"] in pane.inner_text()
    report.page.get_by_label("Order").select_option("slower")
    slowest = max(
        (row for row in ROWS if row["facts"]["after"]), key=lambda row: row["facts"]["after"]["seconds"]
    )
    report.page.locator(".item").first.click()
    pane.get_by_text(slowest["id"]).wait_for()


def test_a_link_shows_the_same_row_and_filters(opened):
    row = next(row for row in reversed(ROWS) if row["category"] == "schedule")
    name = f"{row['id']}~{row['target']}~1".replace("/", "%2F")
    report = opened(FIGURES, ROWS, hash=f"#category=schedule&sort=slower&row={name}")
    report.page.locator(".pane").get_by_text(row["id"]).wait_for()
    assert report.shown() == count(lambda row: row["category"] == "schedule")
    report.page.locator(".item").first.click()
    report.page.wait_for_url(lambda url: "category=schedule" in url and name not in url)


def test_a_row_shows_both_replies_with_what_differs(report):
    at = next(
        at
        for at, row in enumerate(ROWS)
        if row["category"] == "schedule" and len(row["verdicts"][1]["differences"]) == 1
    )
    row = ROWS[at]
    report.page.goto(f"{report.url}#row={row['id']}~{row['target']}~1")
    pane = report.page.locator(".pane")
    pane.get_by_text(row["id"]).wait_for()
    difference = row["verdicts"][1]["differences"][0]
    assert difference["path"] in pane.locator(".differences").inner_text()
    assert pane.locator(".callpair .changed, .callpair .removed").count() == 1
    assert str(row["before"][0]["arguments"]["topic"]["ticket"]) in pane.locator(".callpair").inner_text()


def test_an_order_that_is_none_is_the_usual_one(opened):
    report = opened(FIGURES, ROWS, hash="#sort=constructor")
    assert report.page.get_by_role("listbox").get_attribute("aria-label") == "Rows, worst first"
    assert report.page.get_by_label("Order").input_value() == "worst"


def test_scores_without_a_threshold_are_compared_as_scores(opened):
    compared = {
        **FIGURES["between"][0],
        "comparator": "judge",
        "target": TARGETS[0],
        "changed": 1,
        "before": 0.8,
        "after": 0.75,
        "difference": {"value": -0.05, "low": -0.1, "high": 0.004},
    }
    baseline = {
        "made_at": "2026-05-01T00:00:00Z", "title": "In May", "comparisons": [compared], "only_now": 0, "only_then": 0
    }  # fmt: skip
    drift = {"comparisons": [compared], "noise": []}
    report = opened({**FIGURES, "between": [compared], "baseline": baseline, "drift": drift}, ROWS)
    for part in ("between", "baseline", "drift"):
        told = report.page.locator(f"#{part} tbody").inner_text()
        assert "0.80" in told
        assert "0.75" in told
        assert "-0.050 -0.100 to +0.004" in told
        assert "%" not in told
        assert "pp" not in told


def test_rows_beyond_the_most_are_said_to_be_left_out(opened):
    report = opened(FIGURES, ROWS, most_rows=100)
    assert report.left_out == 200
    assert "200 rows that did better" in report.page.locator("#rows h2").inner_text()
    assert report.shown() == 100


def test_a_report_without_rows_has_no_list(opened):
    report = opened({**FIGURES, "targets": [], "between": []}, [])
    assert report.page.locator("#rows").count() == 0
    assert report.page.locator(".verdict").count() == 1


def test_the_baseline_and_what_could_not_be_read_are_told(opened):
    since = {
        **FIGURES["between"][0],
        "target": TARGETS[1],
        "comparator": "toolcalls",
        "sentence": "Worse than in May.",
    }
    baseline = {
        "made_at": "2026-05-01T00:00:00Z",
        "title": "In May",
        "comparisons": [since],
        "only_now": 3,
        "only_then": 0,
    }
    corpus = {**FIGURES["corpus"], "unreadable": ["old.json: not a cassette"]}
    report = opened({**FIGURES, "baseline": baseline, "corpus": corpus}, ROWS)
    told = report.page.locator("#baseline").inner_text()
    assert "In May, 2026-05-01 00:00 UTC · 3 rows only now" in told
    assert "Worse than in May." in told
    assert "old.json: not a cassette" in report.page.locator("#losses").inner_text()


def test_rows_of_one_id_from_two_cassettes_are_told_apart(opened):
    first, second = ({**ROWS[0], "cassette": name, "reason": f"from {name}"} for name in ("one", "two"))
    report = opened(FIGURES, [first, second])
    report.page.locator(".pane").get_by_text("from one").wait_for()
    report.page.locator(".item").nth(1).click()
    report.page.locator(".pane").get_by_text("from two").wait_for()
    report.page.locator(".item").nth(0).click()
    report.page.locator(".pane").get_by_text("from one").wait_for()


def test_tables_are_sorted_by_their_columns(report):
    table = report.page.locator("#categories table")
    table.get_by_role("button", name="Rows").click()
    rows = [int(cell) for cell in table.locator("tbody td:nth-child(2)").all_inner_texts()]
    assert rows == sorted(rows, reverse=True)
    table.get_by_role("button", name="Rows").click()
    assert table.locator("th[aria-sort=ascending]").count() == 1
    rows = [int(cell) for cell in table.locator("tbody td:nth-child(2)").all_inner_texts()]
    assert rows == sorted(rows)


def test_a_report_on_drift_says_what_is_noise(opened):
    found = {
        **FIGURES["between"][0],
        "target": TARGETS[0],
        "comparator": "json",
        "changed": 4,
        "sentence": "Beyond noise.",
    }
    verdict = {"level": "bad", "headline": "It has drifted.", "lines": []}
    drift = {"comparisons": [found], "noise": []}
    report = opened({**FIGURES, "kind": "drift", "drift": drift, "verdict": verdict}, ROWS)
    assert "drifted" in report.page.locator(".verdict .level").inner_text().lower()
    cells = report.page.locator("#drift tbody td").all_inner_texts()
    assert cells[:2] == [TARGETS[0], "json"]
    assert cells[4] == "4"
    assert "Beyond noise." in cells[-1]
