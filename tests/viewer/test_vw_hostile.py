"""What prompts and replies hold stays text, whatever it is."""

from __future__ import annotations

import pytest
from made_report import made_report

MARKUP = (
    "</script><script>window.pwned=1</script>",
    "<!--<script>window.pwned=1</script>",
    "]]></script></style><img src=x onerror='window.pwned=1'>",
    "<svg onload=window.pwned=1>",
    "<img src='https://example.com/pixel.png'>",
    '"><iframe src="javascript:window.pwned=1"></iframe>',
    "a\u2028b\u2029c\x00d\x07",
    "a lone \ud800 surrogate \udfff",
    "--- a/file\n+++ b/file\n@@ -1 +1 @@\n-old\n+new",
    "&lt;b&gt; &amp; {{x}} ${x} \\u003c",
)


def hostile(words):
    """A report in which every text is `words`."""
    figures, rows = made_report(4)
    row = {
        **rows[0],
        "id": "hostile",
        "category": words,
        "model": words,
        "target": words,
        "cassette": words,
        "status": "answered",
        "reason": words,
        "metadata": {words: words},
        "asked": [
            {"role": "system", "kind": "text", "text": words},
            {
                "role": "user",
                "kind": "media",
                "media": "image",
                "type": words,
                "data": words,
                "url": "javascript:window.pwned=1",
            },
            {"role": "user", "kind": "media", "media": "image", "url": "https://example.com/pixel.png"},
            {"role": "tool", "kind": "result", "name": words, "text": words},
            {"role": "user", "kind": "text", "text": words},
        ],
        "before": [
            {"role": "assistant", "kind": "text", "text": words},
            {"role": "assistant", "kind": "call", "name": words, "arguments": {words: words}},
        ],
        "after": [
            {"role": "assistant", "kind": "reasoning", "text": words},
            {"role": "assistant", "kind": "text", "text": words + " more\n" + words},
        ],
        "verdicts": [
            {
                "name": words,
                "score": 0.5,
                "passed": False,
                "reason": words,
                "differences": [{"path": words, "before": words, "after": {words: words}, "note": words}],
                "flags": [words],
            }
        ],
        "losses": [{"path": words, "what": words, "why": words, "severity": words}],
    }
    figures["title"] = words
    figures["verdict"] = {"level": "bad", "headline": words, "lines": [words]}
    figures["targets"][0]["name"] = words
    figures["gates"] = [{"gate": words, "passed": False, "why": words}]
    return figures, [row, *rows]


@pytest.mark.parametrize("words", MARKUP, ids=range(len(MARKUP)))
def test_markup_in_the_data_stays_text(opened, words):
    report = opened(*hostile(words))
    report.page.locator(".detail[aria-label='Row hostile']").wait_for()
    assert report.page.evaluate("window.pwned") is None
    assert (
        report.page.locator("iframe, svg, a[href^='javascript'], a[href^='http'], img[src^='http']").count()
        == 0
    )
    assert report.page.locator("h1").text_content() == words
    report.search("window.pwned")
    report.search("hostile")
    assert report.shown() == 1


def test_a_level_that_nobody_knows_and_numbers_beyond_a_double(opened):
    figures, rows = made_report(4)
    row = {
        **rows[0],
        "status": "answered",
        "before": [
            {"role": "assistant", "kind": "text", "text": '{"id": 12345678901234567890, "share": 0.5}'}
        ],
        "after": [
            {"role": "assistant", "kind": "text", "text": '{"share": 0.5, "id": 12345678901234567891}'}
        ],
        "metadata": {"odd": float("nan")},
    }
    report = opened(figures, [row])
    told = report.page.locator(".sides")
    told.wait_for()
    assert "12345678901234567890" in told.inner_text()
    assert "12345678901234567891" in told.inner_text()
    assert report.page.locator(".sides .changed").count() == 1
    assert "nan" in report.page.locator(".metadata").inner_text()
