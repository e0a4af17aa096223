"""An earlier report beside this one."""

from __future__ import annotations

import io
import json

import pytest
from ev_reports import answered, as_json, report, verdict, without
from hypothesis import example, given
from hypothesis import strategies as st

from tokentape.errors import UsageError
from tokentape.evaluation.reporting import reading
from tokentape.evaluation.reporting.jsonform import json_pieces
from tokentape.evaluation.reporting.reading import Reading

stats = pytest.importorskip("scipy.stats")


def rows(passes, *, start=0, target="up/new", sample=1, **more):
    return [
        answered(start + at, target, sample, verdicts={"exact": verdict(ok)}, **more)
        for at, ok in enumerate(passes)
    ]


def written(path, scored, **more):
    with report(scored, **more) as found:
        path.write_text("".join(json_pieces(found)), encoding="utf-8")
    return str(path)


def beside(path, scored, **more):
    with report(scored, baseline=str(path), **more) as found:
        return found.figures


def test_the_same_rows_are_compared_by_mcnemars_test(tmp_path):
    was, now = [True] * 40 + [False] * 5, [False] * 9 + [True] * 34 + [False] * 2
    path = written(tmp_path / "then.json", rows(was))
    figures = beside(path, rows(now)[::-1])
    [found] = figures.baseline.comparisons
    both = list(zip(was, now, strict=True))
    lost, gained = both.count((True, False)), both.count((False, True))
    assert found.p == pytest.approx(stats.binomtest(gained, gained + lost).pvalue)
    assert (found.before, found.after) == (40 / 45, 34 / 45)
    assert (found.target, found.comparator) == ("up/new", "exact")
    assert (figures.baseline.only_now, figures.baseline.only_then) == (0, 0)


@pytest.mark.parametrize(("lost", "holds"), [(0, True), (3, True), (12, False)])
def test_the_gate_fails_where_a_rate_is_significantly_lower(tmp_path, lost, holds):
    path = written(tmp_path / "then.json", rows([True] * 40))
    figures = beside(path, rows([False] * lost + [True] * (40 - lost)))
    [gate] = figures.gates
    assert gate.passed is holds
    assert ("below the report of" in gate.why) is bool(lost)
    if not holds:
        assert "p < 0.001" in gate.why


def test_better_is_no_failure(tmp_path):
    path = written(tmp_path / "then.json", rows([False] * 30))
    assert beside(path, rows([True] * 30)).gates[0].passed


def test_rows_are_paired_by_question_and_sample(tmp_path):
    path = written(tmp_path / "then.json", rows([True] * 10) + rows([True] * 10, sample=2))
    figures = beside(path, rows([True] * 8, start=5) + rows([True] * 8, start=5, sample=3))
    assert (figures.baseline.only_now, figures.baseline.only_then) == (3 + 8, 5 + 10)
    assert figures.baseline.comparisons[0].before == 1.0
    left_out = "left out: 11 only in this report, 15 only in the earlier one"
    assert figures.gates[0].why.endswith(f"; {left_out}")
    assert f"beside the earlier report: {left_out}" in figures.verdict.lines


def test_scores_of_a_report_that_was_changed_by_hand_stay_scores(tmp_path):
    then = [answered(at, verdicts={"fuzzy": verdict(None, 0.5)}) for at in range(9)]
    path = tmp_path / "then.json"
    path.write_text(json.dumps(as_json(then)).replace('"score": 0.5', '"score": 500'))
    assert beside(path, then).baseline.comparisons[0].before == 1.0


def test_scores_without_a_threshold_are_compared_by_means(tmp_path):
    then = [answered(at, verdicts={"fuzzy": verdict(None, 0.9)}) for at in range(20)]
    now = [answered(at, verdicts={"fuzzy": verdict(None, 0.4 + at / 100)}) for at in range(20)]
    figures = beside(written(tmp_path / "then.json", then), now)
    assert figures.baseline.comparisons[0].before == pytest.approx(0.9)
    assert figures.baseline.comparisons[0].standing == "lower"
    assert not figures.gates[0].passed


def test_nothing_in_common_fails_and_says_so(tmp_path):
    path = written(tmp_path / "then.json", rows([True], target="up/other"))
    [gate] = beside(path, rows([True])).gates
    assert (gate.passed, "in common" in gate.why) == (False, True)
    assert not beside(written(tmp_path / "none.json", [without(1)]), [without(1)]).gates[0].passed


def test_a_report_indented_by_another_program_is_read_too(tmp_path):
    path = tmp_path / "then.json"
    path.write_text(json.dumps(as_json(rows([True] * 8)), indent=4), encoding="utf-8")
    assert beside(path, rows([True] * 8)).baseline.only_now == 0


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "{}", "null", "no JSON", '{"rows": []}', '{"tokentape_report": 2, "rows": []}', '{"tokentape_report": 1}',
     '{"tokentape_report": 1, "rows": {}}', '{"tokentape_report": 1, "rows": [1]}', '{"tokentape_report": 1, "rows": [{"same": "xy", "sample": 1, "target": "a", "verdicts": []}]}',
     '{"tokentape_report": 1, "rows": [', '{"tokentape": 1, "interactions": []}', "[" * 100_000, '{"tokentape_report": 1, "rows": [], "rows_left_out": 4}', "\ufeff{}"],
)  # fmt: skip
def test_a_wrong_file_is_one_clear_usage_error(tmp_path, text):
    path = tmp_path / "wrong.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=r"--baseline .*wrong\.json: ") as caught:
        beside(path, rows([True]))
    assert "\n" not in str(caught.value)


def test_bytes_that_are_no_text_and_no_file_are_usage_errors(tmp_path):
    path = tmp_path / "wrong.json"
    path.write_bytes(b"\xff\xfe\x00{")
    for wrong in (path, tmp_path, tmp_path / "none.json"):
        with pytest.raises(UsageError, match="--baseline"):
            beside(wrong, rows([True]))


def test_the_worst_rows_alone_are_no_baseline(tmp_path):
    path = tmp_path / "then.json"
    path.write_text(json.dumps(as_json(rows([True] * 9), limit=3)), encoding="utf-8")
    with pytest.raises(UsageError, match="6 of its rows were left out"):
        beside(path, rows([True]))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(
    st.dictionaries(st.text(), JSON, max_size=5),
    st.lists(JSON, max_size=6),
    st.integers(1, 40),
    st.sampled_from([None, 2]),
)
@example({"a": 1e300, "b": -1.5e-07, "c": 10**30}, [1e22, 0.1, -3], 1, None)
@example({"a": 1e300, "b": -1.5e-07}, [1e22, 0.1, -3], 2, 2)
def test_reading_piece_by_piece_gives_what_reading_at_once_does(members, elements, piece, indent):
    text = json.dumps({**members, "the elements": elements, "end": 12345}, indent=indent)
    whole = reading._PIECE
    reading._PIECE = piece
    try:
        document, found = Reading(io.StringIO(text)), {}
        for name in document.members():
            found[name] = list(document.elements()) if name == "the elements" else document.value()
    finally:
        reading._PIECE = whole
    assert found == json.loads(text)
