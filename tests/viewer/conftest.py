"""A browser, and pages opened from disk in it."""

from __future__ import annotations

import shutil

import pytest
from opened import Opened

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="module")
def browser():
    """For one module: Playwright's loop must have ended when other tests start theirs."""
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("there is no Chromium on this machine")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture
def opened(browser, tmp_path):
    """`opened(figures, rows, **context)` writes the page and opens it; at the end, nothing went wrong in it."""
    pages = []

    def open_page(figures, rows, *, hash="", most_rows=10_000, **context):
        pages.append(
            Opened(browser, tmp_path / f"report{len(pages)}.html", figures, rows, most_rows, context)
        )
        return pages[-1].show(hash)

    yield open_page
    for page in pages:
        page.close()
