"""The plugin as its users meet it: files on disk, pytest in a process of its own."""

from __future__ import annotations

import pytest

MARKED = """
@pytest.mark.tokentape
def test_hello():
    assert said()
"""


def test_a_marked_test_records_once_and_replays(project):
    project.write(MARKED)
    project.run(passed=1)
    assert project.cassettes() == ["cassettes/test_it/test_hello.json"]
    project.provider.stop()
    project.run(passed=1)
    assert project.provider.count == 1


def test_the_fixture_gives_the_cassette(project):
    project.write("""
def test_hello(cassette):
    assert said()
    assert (cassette.tally.recorded + cassette.tally.replayed, cassette.path[-15:]) == (1, "test_hello.json")
""")
    project.run(passed=1)
    project.provider.stop()
    project.run(passed=1)


def test_no_marker_no_cassette(project):
    project.write("def test_hello():\n    assert said()\n")
    project.run(passed=1)
    assert project.cassettes() == []


def test_a_miss_fails_the_test_that_swallowed_it(project):
    project.write("""
TEXT = "Say hello."

@pytest.mark.tokentape
def test_swallows():
    try:
        ask(TEXT).raise_for_status()
    except Exception:
        pass

@pytest.mark.tokentape
def test_other():
    assert said("Other.")
""")
    project.run(passed=2)
    project.provider.stop()
    path = project.pytester.path / "test_it.py"
    path.write_text(path.read_text().replace('TEXT = "Say hello."', 'TEXT = "Say goodbye."'))
    result = project.run(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*ReplayMiss*", "*messages*", "*to record it*--tokentape-mode=*"])


MISSES = {
    "thread": """
@pytest.mark.tokentape
def test_it(n=NUMBER):
    thread = threading.Thread(target=ask, args=(f"Say {n}.",))
    thread.start()
    thread.join()
""",
    "async": """
@pytest.mark.tokentape
async def test_it(n=NUMBER):
    async with httpx.AsyncClient() as http:
        body = {"model": "m", "messages": [{"role": "user", "content": f"Say {n}."}]}
        await http.post(URL + "/v1/chat/completions", json=body)
""",
    "unittest": """
@pytest.mark.tokentape
class TestIt(unittest.TestCase):
    def test_it(self, n=NUMBER):
        ask(f"Say {n}.")
""",
    "fixture": """
@pytest.fixture
def answer(n=NUMBER):
    return ask(f"Say {n}.")

@pytest.mark.tokentape
def test_it(answer):
    pass
""",
    "parameters": """
@pytest.mark.parametrize("word", ["a", "b"])
@pytest.mark.tokentape
def test_it(word, n=NUMBER):
    ask(f"Say {n}.")
""",
    "xfail": """
@pytest.mark.xfail(strict=False)
@pytest.mark.tokentape
def test_it(n=NUMBER):
    ask(f"Say {n}.")
    assert False or n == 1
""",
}


@pytest.mark.parametrize("kind", MISSES)
def test_R14_a_miss_fails_its_test_wherever_it_happened(project, kind):
    text = MISSES[kind].replace("URL", repr(project.provider.url))
    project.write(text.replace("NUMBER", "1"))
    assert project.run().ret == 0
    project.provider.stop()
    assert project.run("--tokentape-mode=none").ret == 0
    project.write(text.replace("NUMBER", "2"))
    result = project.run("--tokentape-mode=none")
    counts = result.parseoutcomes()
    assert counts.get("failed", 0) + counts.get("errors", 0) >= 1
    assert "passed" not in counts
    result.stdout.fnmatch_lines(["*ReplayMiss*"])


def test_a_miss_leaves_other_tests_alone_also_under_xdist(project):
    pytest.importorskip("xdist")
    project.write("""
N = 1

@pytest.mark.tokentape
@pytest.mark.parametrize("number", range(6))
def test_it(number):
    ask(f"Say {N if number == 3 else 1} {number}.")
""")
    project.run("-n", "2", passed=6)
    project.provider.stop()
    path = project.pytester.path / "test_it.py"
    path.write_text(path.read_text().replace("N = 1", "N = 2"))
    result = project.run("-n", "2", "--tokentape-report", passed=5, failed=1)
    result.stdout.fnmatch_lines(["*6 cassettes: 5 replayed, 0 recorded, 1 missed*"])


def test_files_are_named_after_module_class_test_and_parameters(project):
    project.write("""
@pytest.mark.tokentape
class TestGroup:
    @pytest.mark.parametrize("word", ["a", "../../evil", "x" * 300, "a/b", "A", ""])
    def test_it(self, word):
        ask(word)
""")
    project.run(passed=6)
    names = project.cassettes()
    assert len(names) == 6
    assert all(name.startswith("cassettes/test_it/TestGroup.test_it") for name in names)
    assert all(len(name.rpartition("/")[2].encode()) <= 255 for name in names)
    project.provider.stop()
    project.run(passed=6)
    assert project.cassettes() == names


def test_a_path_and_options_in_the_marker(project):
    project.write("""
@pytest.mark.tokentape("shared/talk.json", match_on="prompt", metadata={"category": "greeting"})
def test_it():
    assert said()
""")
    project.run(passed=1)
    assert (project.pytester.path / "shared" / "talk.json").exists()


def test_class_scope_shares_one_cassette(project):
    project.write("""
@pytest.mark.tokentape(scope="class")
class TestTalk:
    def test_one(self):
        assert said("One.")
    def test_two(self):
        assert said("Two.")
""")
    project.run(passed=2)
    assert project.cassettes() == ["cassettes/test_it/TestTalk.json"]
    assert len(project.recorded("cassettes/test_it/TestTalk.json")) == 2
    project.provider.stop()
    project.run(passed=2)


def test_an_unused_interaction_is_an_error_in_mode_none(project):
    both = '@pytest.mark.tokentape\ndef test_it():\n    said("One.")\n    said("Two.")\n'
    project.write(both)
    project.run(passed=1)
    project.provider.stop()
    project.write(both.replace('    said("Two.")\n', ""))
    project.run(passed=1)
    result = project.run("--tokentape-mode=none", passed=1, errors=1)
    result.stdout.fnmatch_lines(["*UnusedInteractions*1 recordings were not used*refresh*"])


def test_a_failed_test_is_not_blamed_for_unused_interactions(project):
    project.write('@pytest.mark.tokentape\ndef test_it():\n    said("One.")\n')
    project.run(passed=1)
    project.write("@pytest.mark.tokentape\ndef test_it():\n    assert False\n")
    project.run("--tokentape-mode=none", failed=1)


def test_refresh_drops_what_is_not_used_any_more(project):
    project.write('@pytest.mark.tokentape\ndef test_it():\n    said("One.")\n    said("Two.")\n')
    project.run(passed=1)
    project.write('@pytest.mark.tokentape\ndef test_it():\n    said("One.")\n    said("Three.")\n')
    project.run("--tokentape-mode=refresh", passed=1)
    assert project.provider.count == 3
    project.run("--tokentape-mode=none", passed=1)


def test_CI_replays_only_and_says_how_to_record(project, monkeypatch):
    monkeypatch.setenv("CI", "true")
    project.write(MARKED)
    result = project.run("-v", errors=1)
    result.stdout.fnmatch_lines(["*mode none (CI is set)*", "*CassetteNotFound*"])
    assert project.provider.count == 0


def test_the_command_line_wins_over_the_environment(project, monkeypatch):
    monkeypatch.setenv("TOKENTAPE_MODE", "none")
    project.write(MARKED)
    project.run("--tokentape-mode=once", passed=1)


def test_an_unknown_mode_is_one_line(project):
    project.write(MARKED)
    result = project.run("--tokentape-mode=sometimes")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        ["ERROR: --tokentape-mode: unknown record mode 'sometimes'; use one of once, *"]
    )


def test_placeholders_are_set_for_replay_and_said(project):
    project.write(
        """
import os

@pytest.mark.tokentape
def test_it():
    ask()
    assert os.environ.get("OPENAI_API_KEY") == EXPECTED
    assert os.environ.get("ANTHROPIC_API_KEY") == "mine"

def test_afterwards():
    assert "OPENAI_API_KEY" not in os.environ
""".replace("EXPECTED", 'os.environ.get("WANT")')
    )
    project.pytester.makeconftest('import os\nos.environ["ANTHROPIC_API_KEY"] = "mine"\n')
    project.run(passed=2)
    conftest = project.pytester.path / "conftest.py"
    conftest.write_text(conftest.read_text() + '\nos.environ["WANT"] = "placeholder-for-replay"\n')
    result = project.run("--tokentape-report", passed=2)
    result.stdout.fnmatch_lines(["placeholders were set for *"])


def test_the_report_lists_unused_interactions_and_files(project):
    project.write('@pytest.mark.tokentape\ndef test_it():\n    said("One.")\n    said("Two.")\n')
    project.run(passed=1)
    project.write('@pytest.mark.tokentape\ndef test_it():\n    said("One.")\n')
    (project.pytester.path / "cassettes" / "test_it" / "old.json").write_text("{}")
    result = project.run("--tokentape-report", passed=1)
    result.stdout.fnmatch_lines(
        [
            "cassettes/test_it/test_it.json: once, 1 replayed, 0 recorded, 0 missed, 1 unused",
            "    unused interaction *",
            "cassettes/test_it/old.json: not used by any test of this run",
            "1 cassette: 1 replayed, 0 recorded, 0 missed",
        ]
    )


def test_a_failed_test_leaves_the_recording_unfinished_and_the_next_run_goes_on(project):
    project.write("""
STOP = True

@pytest.mark.tokentape
def test_it():
    assert said("One.")
    assert not STOP
    assert said("Two.")
""")
    project.run(failed=1)
    path = project.pytester.path / "test_it.py"
    path.write_text(path.read_text().replace("STOP = True", "STOP = False"))
    project.run(passed=1)
    assert project.provider.count == 2
    project.provider.stop()
    project.run("--tokentape-mode=none", passed=1)


def test_a_recording_that_failed_fails_the_run(project):
    project.write("""
def broken(interaction):
    if interaction.response is not None:
        raise RuntimeError("hook is broken")
    return interaction

@pytest.mark.tokentape(before_record=broken)
def test_it():
    assert said()
""")
    result = project.run(passed=1)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["*a call was not recorded: RuntimeError: hook is broken*"])
