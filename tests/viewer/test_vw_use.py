"""The report page by keyboard, in the dark, on paper, on a narrow screen, and with many rows."""

from __future__ import annotations

import pytest
from made_report import made_report

from tokentape.viewer.html import write_html

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


def test_a_long_name_leaves_the_figures_in_sight(opened):
    first, *others = FIGURES["targets"]
    groups = [{**first["categories"][0], "name": "very_long_" * 40}, *first["categories"][1:]]
    report = opened({**FIGURES, "targets": [{**first, "categories": groups}, *others]}, ROWS)
    widths = report.page.locator("#categories .scroll").evaluate("one => [one.scrollWidth, one.clientWidth]")
    assert widths[0] == widths[1]


def test_of_many_targets_the_names_of_the_figures_stay_in_sight(opened):
    targets = [{**FIGURES["targets"][0], "name": f"somewhere/model-{at}"} for at in range(20)]
    report = opened({**FIGURES, "targets": targets}, ROWS)
    table = report.page.locator("#targets .scroll")
    name = table.locator("tbody th").first
    before = name.bounding_box()["x"]
    table.evaluate("one => { one.scrollLeft = 2000 }")
    assert name.bounding_box()["x"] == before
    chart = report.page.locator(".chart", has_text="beyond").first
    assert "16 more" in chart.inner_text() or "17 more" in chart.inner_text()
    assert "model-19" not in chart.locator("p").inner_text()


def test_each_text_runs_as_its_letters_do(opened):
    text = {"role": "assistant", "kind": "text", "text": "שלום עולם!"}
    report = opened(
        FIGURES, [{**ROWS[0], "asked": [{**text, "role": "user"}], "before": [text], "after": [text]}]
    )
    for place in (".item .asks", ".sides td", ".words"):
        style = report.page.locator(place).first.evaluate("one => getComputedStyle(one).unicodeBidi")
        assert style == "plaintext"


def test_a_browser_that_is_too_old_is_told(browser, tmp_path):
    path = tmp_path / "report.html"
    with path.open("w", encoding="utf-8") as out:
        write_html(out, FIGURES, iter(ROWS))
    page = browser.new_page()
    page.add_init_script("delete window.DecompressionStream")
    page.goto(path.as_uri())
    page.wait_for_selector("html[data-ready=failed]")
    assert "This browser is too old for this page: it takes Firefox 113" in page.locator("#app").inner_text()
    page.close()


def test_a_file_that_is_cut_says_so(browser, tmp_path):
    path = tmp_path / "report.html"
    with path.open("w", encoding="utf-8") as out:
        write_html(out, FIGURES, iter(ROWS))
    whole = path.read_text(encoding="utf-8")
    path.write_text(whole[: whole.index("tokentape-block-1")], encoding="utf-8")
    page = browser.new_page()
    page.goto(path.as_uri())
    assert "the file is not whole" in page.locator("#app").inner_text()
    page.close()


def test_what_has_a_role_has_a_name(report):
    names = report.page.evaluate(
        """() => [...document.querySelectorAll('button, input, select, [role=listbox], [role=tablist], table')]
        .filter((one) => !(one.textContent.trim() || one.getAttribute('aria-label') || one.labels?.length))
        .map((one) => one.outerHTML)"""
    )
    assert names == []
