"""Snapshots as users of pytest meet them: written, compared, updated, missing in CI, not asked for any more."""

from __future__ import annotations

import sys

import pytest

pytest.importorskip("rapidfuzz")

HELLO = """
from tokentape import assert_llm

@pytest.mark.tokentape
def test_hello():
    reply = ask()
    assert_llm(reply).matches_snapshot()
"""
TEXTS = """
from tokentape import assert_llm

@pytest.mark.parametrize("text", {texts})
def test_says(text):
    assert_llm(text).matches_snapshot().matches_snapshot("again")
"""


def snapshots(project):
    root = project.pytester.path
    return sorted(str(path.relative_to(root)) for path in root.glob("**/snapshots/**/*.json"))


def test_a_snapshot_is_written_beside_the_test_and_compared(project):
    project.provider.answers("In Paris.")
    project.write(HELLO)
    project.run(passed=1).stdout.fnmatch_lines(["1 snapshot written: snapshots/test_it/test_hello.json"])
    assert snapshots(project) == ["snapshots/test_it/test_hello.json"]
    written = project.document("snapshots/test_it/test_hello.json")
    assert (written["test"], written["reply"]) == ("test_it.py::test_hello", [{"text": "In Paris."}])
    project.provider.stop()
    result = project.run(passed=1)
    assert "snapshot" not in result.stdout.str()


def test_what_differs_shows_both_sides_and_the_command(project):
    project.provider.answers("In Paris.")
    project.write(HELLO)
    project.run(passed=1)
    project.provider.answers("Nobody knows for sure.")
    result = project.run("--tokentape-mode=all", failed=1)
    result.stdout.fnmatch_lines(
        [
            "E*AssertionError: the reply differs from its snapshot snapshots/test_it/test_hello.json",
            'E*snapshot: "in paris."',
            'E*now:      "nobody knows for sure."',
            'E*pytest "test_it.py::test_hello" --tokentape-update-snapshots',
        ]
    )
    assert "asserting.py" not in result.stdout.str()
    project.provider.answers("Nobody knows for sure.")
    result = project.run("--tokentape-mode=all", "--tokentape-update-snapshots", passed=1)
    result.stdout.fnmatch_lines(["1 snapshot updated: snapshots/test_it/test_hello.json"])
    project.run(passed=1)


def test_parametrised_tests_have_files_of_their_own(project):
    texts = ["a/b", "../c", "C" * 300, "", "ä"]
    project.write(TEXTS.format(texts=texts))
    project.run(passed=5)
    assert len(snapshots(project)) == 10
    assert all(path.startswith("snapshots/test_it/") for path in snapshots(project))
    project.run(passed=5)


def test_in_ci_a_missing_one_fails_and_is_not_written(project, monkeypatch):
    project.write(
        "from tokentape import assert_llm\ndef test_it():\n    assert_llm('a').matches_snapshot()\n"
    )
    monkeypatch.setenv("CI", "true")
    project.run(failed=1).stdout.fnmatch_lines(
        [
            "E*there is no snapshot snapshots/test_it/test_it.json; write it with",
            'E*pytest "test_it.py::test_it" --tokentape-update-snapshots',
        ]
    )
    assert snapshots(project) == []
    project.run("--tokentape-update-snapshots", passed=1)
    project.run(passed=1)


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["one-process", "xdist"])
def test_what_no_test_asks_for_is_reported(project, workers):
    if workers:
        pytest.importorskip("xdist")
    project.write(TEXTS.format(texts=["a", "b"]))
    written = project.run(*workers, passed=2).stdout
    written.fnmatch_lines(["4 snapshots written: *"])
    project.write(TEXTS.format(texts=["a"]))
    result = project.run(*workers, "--tokentape-report", passed=1)
    result.stdout.fnmatch_lines(
        [
            "snapshots/test_it/*b]-again.json: a snapshot that no test asks for",
            "snapshots/test_it/*b].json: a snapshot that no test asks for",
        ]
    )
    assert "[a]" not in result.stdout.str().replace("test_says[a]", "")


def test_snapshots_of_a_module_that_is_gone_are_reported(project):
    path = project.pytester.path
    project.write(TEXTS.format(texts=["a"]))
    project.run(passed=1)
    (path / "test_it.py").rename(path / "test_new.py")
    kept = path / "snapshots" / "kept" / "by_hand.json"
    kept.parent.mkdir()
    kept.write_text('{"tokentape_snapshot": 1, "test": "test_elsewhere.py::test_it", "reply": []}')
    told = project.run("--tokentape-report", passed=1).stdout
    told.fnmatch_lines(["snapshots/test_it/test_says[[]a[]].json: a snapshot that no test asks for"])
    assert "by_hand" not in told.str()


NARROWED = [
    (("-k", "b]"), {"passed": 1}),
    (("test_it.py::test_says[b]",), {"passed": 1}),
    (("-x",), {"passed": 1, "failed": 1}),
    ((), {"passed": 2, "failed": 1}),
]


@pytest.mark.parametrize(("chosen", "outcomes"), NARROWED, ids=["chosen", "named", "stopped", "failed"])
@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["one-process", "xdist"])
def test_what_a_test_that_did_not_run_asks_for_is_no_waste(project, chosen, outcomes, workers):
    if workers:
        pytest.importorskip("xdist")
    project.write(TEXTS.format(texts=["a", "b", "c"]))
    project.run(passed=3)
    if "failed" in outcomes:
        project.write(
            TEXTS.format(texts=["a", "b", "c"]).replace(
                "    assert_llm", "    assert text != 'b'\n    assert_llm"
            )
        )
    if workers and "-x" in chosen:
        outcomes = {**outcomes, "passed": None}
    result = project.pytester.runpytest_subprocess(
        "-p", "no:cacheprovider", *workers, "--tokentape-report", *chosen
    )
    assert result.parseoutcomes().get("failed", 0) == outcomes.get("failed", 0)
    assert "a snapshot that no test asks for" not in result.stdout.str()


def test_the_command_runs_from_where_pytest_was_started(project, monkeypatch):
    monkeypatch.setenv("CI", "true")
    project.pytester.makeini("[pytest]")
    folder = project.pytester.mkdir("inner")
    code = """
import pytest
from tokentape import assert_llm

@pytest.mark.parametrize("text", ['a"b'])
def test_it(text):
    assert_llm(text).matches_snapshot()
"""
    (folder / "test_it.py").write_text(code)
    monkeypatch.chdir(folder)
    result = project.pytester.run(sys.executable, "-m", "pytest", "-p", "no:cacheprovider")
    result.stdout.fnmatch_lines(["*pytest 'test_it.py::test_it[[]a\"b[]]' --tokentape-update-snapshots"])


def test_a_wrong_reply_shows_the_line_of_the_test(project):
    project.write("from tokentape import assert_llm\ndef test_it():\n    assert_llm(None)\n")
    result = project.run(failed=1)
    result.stdout.fnmatch_lines([">*assert_llm(None)", "E*a NoneType is no reply of a model;*"])
    assert "reading.py" not in result.stdout.str()


def test_several_in_one_test_and_one_in_a_loop(project):
    project.write("""
from tokentape import assert_llm

def test_it():
    for text in ("one", "two"):
        assert_llm(text).matches_snapshot()
    assert_llm("three").matches_snapshot("last")
    assert_llm("four").matches_snapshot(path="kept/four.json")
""")
    project.run(passed=1)
    assert snapshots(project) == [f"snapshots/test_it/test_it{end}.json" for end in ("-2", "-last", "")]
    assert (project.pytester.path / "kept" / "four.json").exists()
    project.run(passed=1)


def test_updating_does_not_take_two_replies_for_one_name(project):
    project.write("""
from tokentape import assert_llm

def test_it():
    assert_llm("the first one").matches_snapshot("same")
    assert_llm("something else").matches_snapshot("same")
""")
    result = project.run("--tokentape-update-snapshots", failed=1)
    result.stdout.fnmatch_lines(["E*this test compared another reply with it, too: name each, *"])
    assert "to take it as it is now" not in result.stdout.str()


def test_the_folder_is_a_setting(project):
    project.pytester.makepyprojecttoml('[tool.tokentape]\nsnapshot_dir = "seen"\n')
    project.write(
        "from tokentape import assert_llm\ndef test_it():\n    assert_llm('a').matches_snapshot()\n"
    )
    project.run(passed=1)
    assert (project.pytester.path / "seen" / "test_it" / "test_it.json").exists()


def test_classes_and_unittest(project):
    project.write("""
from tokentape import assert_llm

class TestThem:
    def test_it(self):
        assert_llm("a").matches_snapshot()

class Others(unittest.TestCase):
    def test_it(self):
        assert_llm("b").matches_snapshot()
""")
    project.run(passed=2)
    assert snapshots(project) == [
        "snapshots/test_it/Others.test_it.json",
        "snapshots/test_it/TestThem.test_it.json",
    ]


VERIFIED = """
@pytest.mark.tokentape
def test_hello():
    assert ask(url=ask.__defaults__[1] + "/hello").json()["choices"][0]["message"]["content"]

@pytest.mark.tokentape
def test_paris():
    reply = ask("Where?", url=ask.__defaults__[1] + "/paris").json()
    assert reply["choices"][0]["message"]["content"] == "In Paris."
"""
PARIS = "/paris/v1/chat/completions"


@pytest.fixture
def recorded(project):
    project.provider.answers("In Paris.", path=PARIS)
    project.provider.answers("Hello, hello.", times=None, path="/hello/v1/chat/completions")
    project.write(VERIFIED)
    project.run(passed=2)
    return project


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["one-process", "xdist"])
def test_verify_fails_the_test_whose_reply_differs(recorded, workers):
    if workers:
        pytest.importorskip("xdist")
    recorded.provider.answers("Nobody knows for sure.", path=PARIS)
    result = recorded.run("--tokentape-mode=verify", *workers, passed=1, failed=1)
    result.stdout.fnmatch_lines(
        [
            "*_ test_paris _*",
            'E*LiveReplyDiffers: *test_paris.json: recording *(asks "Where?"): the live reply differs, usual: *',
            'E*recorded: "in paris."',
            'E*live:     "nobody knows for sure."',
            'E*to record it again: pytest "test_it.py::test_paris" --tokentape-mode=all',
            "2 calls verified live, 1 differs",
        ]
    )
    assert result.ret == 1


def test_verify_may_only_tell(recorded):
    recorded.pytester.makepyprojecttoml('[tool.tokentape]\non_drift = "warn"\n')
    recorded.provider.answers("Nobody knows.", path=PARIS)
    result = recorded.run("--tokentape-mode=verify", passed=2)
    result.stdout.fnmatch_lines(["*2 calls verified live, 1 differs*"])
    result.stdout.fnmatch_lines(["*test_paris*the live reply differs*", '*live:     "nobody knows."'])
    assert result.ret == 0


def test_verify_where_nothing_differs(recorded):
    recorded.provider.answers("In Paris.", path=PARIS)
    result = recorded.run("--tokentape-mode=verify", passed=2)
    result.stdout.fnmatch_lines(["2 calls verified live, 0 differ"])
    assert recorded.provider.count == 4


def test_verify_sends_no_placeholder(recorded):
    recorded.write("""
import os

@pytest.mark.tokentape
def test_hello():
    assert "OPENAI_API_KEY" not in os.environ
    ask(url=ask.__defaults__[1] + "/hello")
""")
    recorded.run("--tokentape-mode=verify", passed=1)


def test_a_test_that_uses_nothing_of_it_loads_next_to_nothing(project):
    project.write("""
import sys

def test_it():
    assert len([name for name in sys.modules if name.startswith("tokentape")]) < 20
    assert not {"tokentape.deck", "tokentape.evaluation", "tokentape.snapshots.asserting"} & set(sys.modules)
""")
    project.run(passed=1)
