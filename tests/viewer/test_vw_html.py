"""The page as a file: what is in it, and how much of it."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
import zlib
from importlib import resources

from made_report import made_report

from tokentape.viewer.blocks import BLOCK_ROWS
from tokentape.viewer.html import policy, write_html

FIGURES, ROWS = made_report(200)
SCRIPT = re.compile(r'<script(?: type="([^"]+)" id="([^"]+)")?>(.*?)</script>', re.DOTALL)


def written(figures=FIGURES, rows=ROWS, **limits):
    out = io.StringIO()
    left_out = write_html(out, figures, iter(rows), **limits)
    return out.getvalue(), left_out


def data(page):
    return {name: text for kind, name, text in SCRIPT.findall(page) if kind}


def unpacked(text):
    return json.loads(zlib.decompress(base64.b64decode(text)))


def rows_of(page):
    found = data(page)
    blocks = [name for name in found if name.startswith("tokentape-block-")]
    return [row for name in blocks for row in unpacked(found[name])]


def test_every_row_and_figure_is_in_the_file():
    page, left_out = written()
    assert rows_of(page) == ROWS
    assert json.loads(data(page)["tokentape-figures"]) == FIGURES
    assert left_out == 0


def test_rows_among_the_figures_are_not_written_twice():
    page, _ = written({**FIGURES, "rows": ROWS}, [])
    assert "rows" not in json.loads(data(page)["tokentape-figures"])


def test_the_blocks_begin_where_they_are_said_to_begin():
    page, _ = written()
    told = json.loads(data(page)["tokentape-rows"])
    assert told == {"blocks": list(range(0, len(ROWS), BLOCK_ROWS)), "left_out": 0}


def test_a_large_row_ends_its_block():
    large = {**ROWS[0], "reason": "x" * 600_000}
    page, _ = written(rows=[large, large, ROWS[1]])
    assert json.loads(data(page)["tokentape-rows"])["blocks"] == [0, 1, 2]


def test_more_rows_than_fit_are_counted():
    page, left_out = written(most_rows=20)
    assert left_out == 180
    assert rows_of(page) == ROWS[:20]
    assert json.loads(data(page)["tokentape-rows"])["left_out"] == 180


def test_more_bytes_than_fit_are_counted():
    page, left_out = written(most_bytes=1)
    assert len(rows_of(page)) == BLOCK_ROWS
    assert left_out == len(ROWS) - BLOCK_ROWS


def test_rows_are_read_one_by_one():
    seen = []

    def rows():
        for row in ROWS:
            seen.append(row["id"])
            yield row

    out = io.StringIO()
    write_html(out, FIGURES, rows(), most_rows=3)
    assert len(seen) == len(ROWS)


def test_the_listing_has_the_columns_of_all_rows():
    page, _ = written()
    listing = unpacked(data(page)["tokentape-listing"])
    assert listing["count"] == len(ROWS)
    assert listing["id"] == [row["id"] for row in ROWS]
    assert [listing["names"]["target"][at] for at in listing["target"]] == [row["target"] for row in ROWS]
    marks = {True: "p", False: "f", None: "-"}
    for column in listing["verdicts"]:
        passed = [
            {one["name"]: marks[one["passed"]] for one in row["verdicts"]}.get(column["name"], " ")
            for row in ROWS
        ]
        assert column["passed"] == "".join(passed)
        assert len(column["score"]) == len(ROWS)


def test_a_row_of_which_little_is_known():
    page, _ = written(rows=[{"id": "a"}, ROWS[0]])
    listing = unpacked(data(page)["tokentape-listing"])
    assert listing["verdicts"][0]["passed"][0] == " "
    assert listing["usd_before"][0] is None


def test_nothing_that_html_knows_stands_in_the_data():
    words = "</script><!-- & \u2028 \ud800"
    page, _ = written({**FIGURES, "title": words}, [{**ROWS[0], "reason": words}])
    for text in data(page).values():
        assert not set(text) & set("<>&")
        assert text.isascii()
    assert "<title>&lt;/script&gt;&lt;!-- &amp;" in page
    page.encode("utf-8")
    assert json.loads(data(page)["tokentape-figures"])["title"] == words


def test_only_the_bundled_script_and_style_may_run():
    page, _ = written()
    scripts = [text for kind, _, text in SCRIPT.findall(page) if not kind]
    (style,) = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    for kind, text in (("script", *scripts), ("style", style)):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy()
    assert "default-src 'none'" in policy()
    assert f'content="{policy()}"' in page


def test_the_page_names_no_other_place():
    page, _ = written()
    assert not re.findall(r"""(?:src|href|action)=["'](?!data:)""", page.partition("<script>")[0])
    style = resources.files("tokentape.viewer").joinpath("bundle", "viewer.css").read_text(encoding="utf-8")
    assert "@import" not in style
    assert "url(" not in style


def test_the_licences_of_what_is_bundled_are_beside_it():
    notice = resources.files("tokentape.viewer").joinpath("bundle", "NOTICE.txt").read_text(encoding="utf-8")
    for name in ("preact", "uplot", "diff2html", "diff"):
        assert re.search(rf"^{name} \d+\.\d+\.\d+ \(", notice, re.MULTILINE)
