"""Writes the table of `docs/reference/open-responses.md` from what the public compliance suite said.

    python tests/gateway/compliance/table.py chat=chat.json anthropic=anthropic.json ...

Each file is the suite's own output (`--json`) in front of a gateway with that upstream.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "open-responses.md"
BEGIN, END = "<!-- made by tests/gateway/compliance/table.py -->\n", "<!-- end -->"
NAMES = {
    "chat": "Chat only",
    "anthropic": "Anthropic Messages",
    "gemini": "Gemini",
    "responses": "Responses, nothing kept",
}
WORDS = {"passed": "yes", "failed": "**no**", "skipped": "not run"}


def table(found):
    """Markdown: a row for each test, a column for each upstream, and each failure by name."""
    columns = list(found)
    results = {name: {one["id"]: one for one in found[name]["results"]} for name in columns}
    lines = [
        "| test | " + " | ".join(NAMES[name] for name in columns) + " |",
        "|---" * (len(columns) + 1) + "|",
    ]
    for test in dict.fromkeys(test for name in columns for test in results[name]):
        cells = [WORDS[results[name][test]["status"]] for name in columns]
        lines.append(f"| `{test}` | " + " | ".join(cells) + " |")
    sums = [f"{found[name]['summary']['passed']} of {found[name]['summary']['total']}" for name in columns]
    lines += ["| **passed** | " + " | ".join(sums) + " |", "", *_failures(results)]
    return "\n".join(lines) + "\n"


def _failures(results):
    failed = [
        f"- {NAMES[name]}, `{test}`: {'; '.join(one['errors'])}"
        for name, tests in results.items()
        for test, one in tests.items()
        if one["status"] == "failed"
    ]
    return failed or ["No test fails."]


def main(*given):
    found = {}
    for one in given:
        name, _, path = one.partition("=")
        found[name] = json.loads(Path(path).read_text(encoding="utf-8"))
        found[name]["results"].sort(key=lambda result: result["id"])
    page = PAGE.read_text(encoding="utf-8")
    head, _, rest = page.partition(BEGIN)
    _, _, tail = rest.partition(END)
    PAGE.write_text(f"{head}{BEGIN}\n{table(found)}\n{END}{tail}", encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
