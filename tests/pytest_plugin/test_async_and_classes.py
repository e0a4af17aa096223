"""The plugin with pytest-asyncio, anyio, unittest, classes, modules, doctests: nobody else's rules are bent."""

from __future__ import annotations

import pytest

ASYNC_ASK = """
async def ask_async(text="Say hello."):
    async with httpx.AsyncClient() as http:
        body = {"model": "m", "messages": [{"role": "user", "content": text}]}
        reply = await http.post(URL + "/v1/chat/completions", json=body)
        return reply.json()["choices"][0]["message"]["content"]
"""


def recorded_then_replayed(project, text, passed):
    """Once with the provider and once without, with warnings as errors both times."""
    project.write(ASYNC_ASK.replace("URL", repr(project.provider.url)) + text)
    project.run(passed=passed)
    names, count = project.cassettes(), project.provider.count
    project.provider.stop()
    project.run("--tokentape-mode=none", passed=passed)
    assert project.cassettes() == names
    assert project.provider.count == count
    return names


def test_pytest_asyncio_in_strict_mode(project):
    pytest.importorskip("pytest_asyncio")
    project.asyncio("strict")
    names = recorded_then_replayed(
        project,
        """
import pytest_asyncio

@pytest_asyncio.fixture
async def answer():
    return await ask_async("Fixture.")

@pytest.mark.asyncio
@pytest.mark.tokentape
async def test_it(answer):
    assert "Fixture." in answer
    first, second = await asyncio.gather(ask_async("One."), ask_async("Two."))
    assert "One." in first and "Two." in second
    assert "Three." in await asyncio.to_thread(said, "Three.")

@pytest.mark.asyncio
async def test_with_the_fixture(cassette):
    assert await ask_async()
    assert cassette.tally.replayed + cassette.tally.recorded == 1
""",
        2,
    )
    assert [name.rpartition("/")[2] for name in names] == ["test_it.json", "test_with_the_fixture.json"]
    assert len(project.recorded(names[0])) == 4


def test_anyio_with_both_backends(project):
    pytest.importorskip("trio")
    project.asyncio("strict")
    names = recorded_then_replayed(
        project,
        """
import anyio

@pytest.mark.anyio
@pytest.mark.tokentape
@pytest.mark.parametrize("anyio_backend", ["asyncio", "trio"])
async def test_it(anyio_backend):
    async with anyio.create_task_group() as group:
        group.start_soon(ask_async, "One.")
        group.start_soon(ask_async, "Two.")
    assert "Three." in await anyio.to_thread.run_sync(said, "Three.")
""",
        2,
    )
    assert len(names) == 2
    assert all(len(project.recorded(name)) == 3 for name in names)


def test_unittest_sync_and_async(project):
    names = recorded_then_replayed(
        project,
        """
@pytest.mark.tokentape
class TestSync(unittest.TestCase):
    def setUp(self):
        self.answer = said("Set up.")

    def test_it(self):
        assert "Set up." in self.answer
        with self.subTest("inner"):
            assert said("One.")

@pytest.mark.tokentape
class TestAsync(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        assert await ask_async("Set up.")

    async def test_it(self):
        assert await ask_async("Two.")
""",
        2,
    )
    assert [name.rpartition("/")[2] for name in names] == ["TestAsync.test_it.json", "TestSync.test_it.json"]
    assert all(len(project.recorded(name)) == 2 for name in names)


def test_class_scope_a_miss_fails_the_test_it_belongs_to_only(project):
    text = """
@pytest.mark.tokentape(scope="class")
class TestTalk:
    def test_one(self):
        ask("One.")
    def test_two(self):
        ask("Two. CHANGED")
    def test_three(self):
        ask("Three.")
"""
    project.write(text)
    project.run(passed=3)
    project.provider.stop()
    project.write(text.replace("CHANGED", "Changed."))
    result = project.run("--tokentape-mode=none", passed=2, failed=1)
    result.stdout.fnmatch_lines(["FAILED *::test_two *ReplayMiss*"])


def test_class_scope_unused_interactions_are_counted_when_the_class_is_over(project):
    text = """
@pytest.mark.tokentape(scope="class")
class TestTalk:
    def test_one(self):
        ask("One.")
    def test_two(self):
        ask("Two.")
"""
    project.write(text)
    project.run(passed=2)
    project.provider.stop()
    project.write(text.replace('        ask("Two.")', "        pass"))
    project.run("--tokentape-mode=none", passed=2, errors=1).stdout.fnmatch_lines(["*UnusedInteractions*"])
    project.write(text.replace('        ask("Two.")', "        assert False"))
    project.run("--tokentape-mode=none", passed=1, failed=1)


def test_class_scope_a_test_chosen_alone_is_not_blamed_for_the_others(project):
    project.write("""
@pytest.mark.tokentape(scope="class")
class TestTalk:
    def test_one(self):
        ask("One.")
    def test_two(self):
        ask("Two.")
""")
    project.run("-k", "test_one", passed=1)
    project.run(passed=2)
    project.provider.stop()
    project.run("--tokentape-mode=none", passed=2)
    project.run("--tokentape-mode=none", "-k", "test_one", passed=1)
    project.run("--tokentape-mode=none", "test_it.py::TestTalk::test_two", passed=1)


SKIPPING = """
@pytest.mark.tokentape(scope="class")
class TestTalk:
    def test_one(self):
        ask("One.")
    @pytest.mark.skipif(SKIP, reason="not now")
    def test_two(self):
        ask("Two.")
    def test_three(self):
        pytest.skip("not now") if SKIP else ask("Three.")
"""


def test_class_scope_a_skipped_test_does_not_keep_the_cassette_unfinished(project):
    project.write(SKIPPING.replace("SKIP", "True"))
    project.run(passed=1, skipped=2)
    (name,) = project.cassettes()
    assert project.document(name)["finished"] is True
    project.write(SKIPPING.replace("SKIP", "True").replace("One.", "Other."))
    project.run(failed=1, skipped=2).stdout.fnmatch_lines(["*ReplayMiss*"])
    assert project.provider.count == 1


def test_class_scope_what_a_skipped_test_asked_is_neither_unused_nor_dropped(project):
    project.write(SKIPPING.replace("SKIP", "False"))
    project.run(passed=3)
    (name,) = project.cassettes()
    before = project.document(name)
    project.write(SKIPPING.replace("SKIP", "True"))
    project.run("--tokentape-mode=none", passed=1, skipped=2)
    project.run("--tokentape-mode=refresh", passed=1, skipped=2)
    assert project.document(name) == before
    project.run("--tokentape-mode=all", passed=1, skipped=2).stdout.fnmatch_lines(["*old cassette stays*"])
    assert project.document(name) == before


def test_class_scope_a_failed_test_keeps_the_cassette_unfinished(project):
    project.write(SKIPPING.replace("SKIP", "True").replace('ask("One.")', 'assert not ask("One.")'))
    project.run(failed=1, skipped=2)
    (name,) = project.cassettes()
    assert project.document(name)["finished"] is False


def test_a_marker_on_the_module_and_one_closer_by(project):
    project.write("""
pytestmark = pytest.mark.tokentape(metadata={"category": "all"}, match_on="prompt")

def test_one():
    assert said("One.")

@pytest.mark.tokentape(metadata={"category": "mine"})
def test_two(cassette):
    assert said("Two.")
    assert cassette.options.match_on.fields != ("default",)
""")
    project.run(passed=2)
    found = {
        name.rpartition("/")[2]: project.recorded(name)[0]["metadata"]["category"]
        for name in project.cassettes()
    }
    assert found == {"test_one.json": "all", "test_two.json": "mine"}


def test_doctests_and_items_of_other_kinds_are_left_alone(project):
    project.pytester.makeconftest(
        """
import pytest

class Item(pytest.Item):
    def runtest(self):
        pass

class File(pytest.File):
    def collect(self):
        yield Item.from_parent(self, name="it")

def pytest_collect_file(file_path, parent):
    return File.from_parent(parent, path=file_path) if file_path.suffix == ".thing" else None
"""
    )
    (project.pytester.path / "a.thing").write_text("")
    project.write('def one():\n    """\n    >>> 1 + 1\n    2\n    """\n')
    project.run("--doctest-modules", passed=2)
    assert project.cassettes() == []


HOSTILE = [
    "a/b",
    "../../up",
    "nul",
    "CON",
    "a\nb",
    "tab\t",
    "x" * 400,
    "größe",
    "🌍",
    "",
    " ",
    ".",
    "a:b*?",
    "%s",
    "{}",
]


def test_hostile_names_are_safe_stable_and_distinct(project):
    project.write(f"""
IDS = {HOSTILE!r}

@pytest.mark.tokentape
@pytest.mark.parametrize("number", range(len(IDS)), ids=IDS)
def test_it(number):
    assert said(f"Say {{number}}.")
""")
    project.run(passed=len(HOSTILE))
    names = project.cassettes()
    assert len({name.lower() for name in names}) == len(HOSTILE)
    assert {name.rpartition("/")[0] for name in names} == {"cassettes/test_it"}
    project.provider.stop()
    project.run("--tokentape-mode=none", passed=len(HOSTILE))
    assert project.cassettes() == names


ENDINGS = {
    "pytest.fail": 'pytest.fail("so be it")',
    "pytest.skip": 'pytest.skip("so be it")',
    "pytest.xfail": 'pytest.xfail("so be it")',
    "an assertion": "assert False",
    "a return": "return",
}


@pytest.mark.parametrize("name", ENDINGS)
def test_R14_a_miss_fails_the_test_once_however_the_test_ends(project, name):
    text = f"""
@pytest.mark.tokentape
def test_it(n=NUMBER):
    ask(f"Say {{n}}.")
    if n == 2:
        {ENDINGS[name]}
"""
    project.write(text.replace("NUMBER", "1"))
    project.run(passed=1)
    project.provider.stop()
    project.write(text.replace("NUMBER", "2"))
    project.run("--tokentape-mode=none", failed=1).stdout.fnmatch_lines(["*ReplayMiss*"])


def test_R14_an_abort_fails_the_test_once(project):
    text = """
@pytest.mark.tokentape(on_miss="abort")
def test_it(n=NUMBER):
    try:
        ask(f"Say {n}.")
    except Exception:
        pass
"""
    project.write(text.replace("NUMBER", "1"))
    project.run(passed=1)
    project.provider.stop()
    project.write(text.replace("NUMBER", "2"))
    project.run("--tokentape-mode=none", failed=1).stdout.fnmatch_lines(["*ReplayAbort*"])


def test_R14_a_miss_in_a_teardown_is_an_error_of_the_test(project):
    text = """
@pytest.fixture
def closing():
    yield
    ask("Bye NUMBER.")

@pytest.mark.tokentape
def test_it(closing):
    pass
"""
    project.write(text.replace("NUMBER", "1"))
    project.run(passed=1)
    project.provider.stop()
    project.write(text.replace("NUMBER", "2"))
    project.run("--tokentape-mode=none", passed=1, errors=1).stdout.fnmatch_lines(["*ReplayMiss*"])


def test_R16_a_cassette_folder_that_cannot_be_made_is_an_error_before_the_test(project):
    (project.pytester.path / "cassettes").write_text("a file")
    project.write("@pytest.mark.tokentape\ndef test_it():\n    ask()\n")
    project.run(errors=1).stdout.fnmatch_lines(["*cassettes*"])
    assert project.provider.count == 0


def test_R16_a_store_that_fails_in_mid_run_fails_the_run_and_no_call(project):
    project.write("""
import pathlib, shutil

@pytest.mark.tokentape
def test_it():
    assert said("One.")
    folder = pathlib.Path(__file__).parent / "cassettes"
    shutil.rmtree(folder)
    folder.write_text("a file")
    assert said("Two.")
""")
    result = project.run(passed=1)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["*test_it: *cassettes*"])


@pytest.mark.parametrize("option", ['mach_on="prompt"', 'mode="sometimes"', 'repeat="forever"'])
def test_a_wrong_option_in_a_marker_is_named(project, option):
    project.write(f"@pytest.mark.tokentape({option})\ndef test_it():\n    ask()\n")
    result = project.run(errors=1)
    assert option.partition("=")[0] in result.stdout.str()
    result.stdout.fnmatch_lines(["*UsageError: *"])
    assert project.provider.count == 0
