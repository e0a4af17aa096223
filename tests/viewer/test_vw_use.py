"""The report page by keyboard, in the dark, on paper, on a narrow screen, and with many rows."""

from __future__ import annotations

import pytest
from made_report import made_report

FIGURES, ROWS = made_report(200, seed=3)


@pytest.fixture
def report(opened):
    return opened(FIGURES, ROWS)


def open_row(report) -> str:
    return report.page.locator(".detail").get_attribute("aria-label").removeprefix("Row ")


def waits_for(report, row):
    report.page.locator(f".detail[aria-label='Row {row['id']}']").wait_for()


def test_j_and_k_go_from_row_to_row(report):
    waits_for(report, ROWS[0])
    report.page.keyboard.press("j")
    waits_for(report, ROWS[1])
    report.page.keyboard.press("j")
    waits_for(report, ROWS[2])
    report.page.keyboard.press("k")
    waits_for(report, ROWS[1])


def test_the_list_takes_arrows_home_and_end(report):
    report.page.locator("[role=listbox]").focus()
    report.page.keyboard.press("ArrowDown")
    waits_for(report, ROWS[1])
    report.page.keyboard.press("End")
    waits_for(report, ROWS[-1])
    chosen = report.page.locator("[role=option][aria-selected=true]")
    assert chosen.get_attribute("aria-posinset") == str(len(ROWS))
    assert report.page.locator("[role=listbox]").get_attribute(
        "aria-activedescendant"
    ) == chosen.get_attribute("id")
    report.page.keyboard.press("Home")
    waits_for(report, ROWS[0])


def test_slash_searches_and_escape_leaves(report):
    report.page.keyboard.press("/")
    report.page.keyboard.type("jacket")
    assert report.page.locator("input[type=search]").input_value() == "jacket"
    report.page.keyboard.press("Escape")
    assert report.page.locator("input[type=search]").input_value() == ""
    report.page.keyboard.press("Escape")
    assert report.page.evaluate("document.activeElement.tagName") == "BODY"
    assert report.shown() == len(ROWS)


def test_letters_in_the_search_are_letters(report):
    waits_for(report, ROWS[0])
    report.page.keyboard.press("/")
    report.page.keyboard.type("jk")
    assert report.page.locator("input[type=search]").input_value() == "jk"


def ground(report):
    return report.page.evaluate("getComputedStyle(document.body).backgroundColor")


def test_dark_as_the_system_says_and_as_the_reader_says(opened):
    light = opened(FIGURES, ROWS, color_scheme="light")
    dark = opened(FIGURES, ROWS, color_scheme="dark")
    assert ground(light) != ground(dark)
    was_dark = ground(dark)
    light.page.get_by_role("button", name="Dark").click()
    assert ground(light) == was_dark
    light.page.reload()
    light.page.wait_for_selector("html[data-ready=yes]")
    assert ground(light) == was_dark


def test_on_paper_there_are_no_controls(report):
    report.page.emulate_media(media="print")
    for hidden in (".bar", ".filters", ".virtual"):
        assert not report.page.locator(hidden).is_visible()
    assert report.page.locator(".verdict").is_visible()
    assert report.page.locator(".detail").is_visible()


def test_paper_is_light(opened):
    light, dark = (opened(FIGURES, ROWS, color_scheme=scheme) for scheme in ("light", "dark"))
    was_light = ground(light)
    dark.page.emulate_media(media="print", color_scheme="dark")
    assert ground(dark) in (was_light, "rgb(255, 255, 255)")


def test_on_a_narrow_screen_the_row_lies_over_the_list(report):
    report.page.set_viewport_size({"width": 400, "height": 800})
    assert not report.page.locator(".pane").is_visible()
    report.page.locator(".item").nth(2).click()
    waits_for(report, ROWS[2])
    assert report.page.locator(".pane").is_visible()
    assert report.page.evaluate("document.documentElement.scrollWidth") <= 400
    report.page.get_by_role("button", name="← Rows").click()
    assert not report.page.locator(".pane").is_visible()


def test_of_many_rows_only_those_in_sight_are_in_the_page(opened):
    figures, rows = made_report(10_000)
    report = opened(figures, rows)
    assert report.shown() == 10_000
    report.page.locator("[role=listbox]").focus()
    report.page.keyboard.press("End")
    waits_for(report, rows[-1])
    assert report.page.locator(".item").count() < 60
    report.search("blue jacket")
    assert 0 < report.shown() < 10_000


def test_what_has_a_role_has_a_name(report):
    names = report.page.evaluate(
        """() => [...document.querySelectorAll('button, input, select, [role=listbox], [role=tablist], table')]
        .filter((one) => !(one.textContent.trim() || one.getAttribute('aria-label') || one.labels?.length))
        .map((one) => one.outerHTML)"""
    )
    assert names == []
