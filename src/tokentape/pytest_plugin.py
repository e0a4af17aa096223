"""The pytest plugin: a marker, a fixture, and misses that fail the test they belong to.

`@pytest.mark.tokentape` (on a test, class or module) or the fixture `cassette` puts a cassette named
after the test in force. A miss fails the test in its call phase, also when the code under test swallowed
the error reply, fell back, or ran in a thread.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest

from tokentape import settings, watching
from tokentape.cassettes.mode import RecordMode
from tokentape.errors import ReplayAbort, UsageError
from tokentape.pytest_names import command_of, name_of
from tokentape.pytest_report import Report
from tokentape.snapshots import run as snapshots

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

    from tokentape.deck import Deck
    from tokentape.guard.policy import Block

REPORT = pytest.StashKey[Report]()
PASSED = pytest.StashKey[bool]()
SKIPPED = pytest.StashKey[bool]()
MISSED = pytest.StashKey[bool]()
PARTIAL = pytest.StashKey[bool]()
BLOCK: pytest.StashKey[Block] = pytest.StashKey()
MODE_OPTION = "--tokentape-mode"
UPDATE_OPTION = "--tokentape-update-snapshots"


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options: all are read by `pytest_configure`."""
    group = parser.getgroup("tokentape", "record and replay LLM calls")
    group.addoption(
        MODE_OPTION,
        metavar="MODE",
        help="record mode for every cassette: once, none, verify, new_episodes, refresh, all, off",
    )
    group.addoption(
        "--tokentape-report",
        action="store_true",
        help="after the run, list hits, misses, unused interactions and unused cassette files",
    )
    group.addoption(
        UPDATE_OPTION,
        action="store_true",
        help="write snapshots of assert_llm anew where the replies differ from them",
    )
    group.addoption(
        *_names("--block-network", "pytest_recording"),
        dest="tokentape_block_network",
        action="store_true",
        help="let nothing out through Python's sockets, except what a recording cassette records",
    )
    group.addoption(
        *_names("--allow-hosts", "pytest_socket"),
        dest="tokentape_allow_hosts",
        action="append",
        metavar="HOSTS",
        help="hosts that pass all the same, with commas: names, *.suffix, name:port, addresses, networks",
    )


def _names(option: str, other: str) -> tuple[str, ...]:
    """The option, under a name of its own too; that one alone where another plugin has the short one."""
    own = f"--tokentape-{option.removeprefix('--')}"
    return (own,) if find_spec(other) else (option, own)


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker and take the command line's mode."""
    config.addinivalue_line(
        "markers",
        "tokentape(path=None, *, scope='function', **options): run the test with a cassette, named after the "
        "test unless a path is given; the options are those of tokentape.use_cassette",
    )
    try:
        settings.set_command_line_mode(config.getoption(MODE_OPTION), MODE_OPTION)
        choice = settings.resolve_mode()
    except UsageError as error:
        raise pytest.UsageError(str(error)) from None
    snapshots.run = snapshots.Run(updating=config.getoption(UPDATE_OPTION))
    report = config.stash[REPORT] = Report(config)
    config.pluginmanager.register(report, "tokentape-report")
    watching.watchers.append(report)
    if choice.mode is RecordMode.NONE:
        report.set_placeholders()
    _guard_network(config)


def _guard_network(config: pytest.Config) -> None:
    """Block the network for the whole run, where that is wanted; the controller of xdist only hands on."""
    hosts = [host for text in config.getoption("tokentape_allow_hosts") or () for host in text.split(",")]
    wanted = "--block-network" if config.getoption("tokentape_block_network") else ""
    try:
        wanted = wanted or ("[tool.tokentape] block_network" if settings.blocks_network() else "")
        if hosts:
            from tokentape.guard import block

            block.allow(hosts)
        if wanted and not (config.getoption("numprocesses", None) and not hasattr(config, "workerinput")):
            from tokentape.guard import block
            from tokentape.options import Options

            reason = f"the network is blocked ({wanted})"
            config.stash[BLOCK] = block.start(reason, Options.of({}).allow_hosts)
    except UsageError as error:
        raise pytest.UsageError(str(error)) from None


def pytest_unconfigure(config: pytest.Config) -> None:
    """Leave the environment as it was found."""
    settings.set_command_line_mode(None)
    _unblock(config)
    if REPORT in config.stash:
        config.stash[REPORT].unset_placeholders()
        watching.watchers.remove(config.stash[REPORT])


def _unblock(config: pytest.Config) -> None:
    import sys

    block = sys.modules.get("tokentape.guard.block")
    if block is not None:
        block.forbid_again()
        if BLOCK in config.stash:
            block.stop(config.stash[BLOCK])


def pytest_collection_finish(session: pytest.Session) -> None:
    """What test modules wanted from the network while they were imported, and swallowed, fails the run."""
    for argument in session.config.args:
        path, narrowed, _ = argument.partition("::")
        if narrowed:
            module = session.config.invocation_params.dir / path
            snapshots.run.leave_out(str(module.parent), module.stem)
    block = session.config.stash.get(BLOCK, None)
    if block is not None and block.errors:
        session.config.stash[REPORT].remarks.extend(f"while collecting: {error}" for error in block.errors)
        block.errors.clear()


def pytest_report_header(config: pytest.Config) -> list[str]:
    """Say which mode is in force and why, where it is not the default."""
    return config.stash[REPORT].header()


@pytest.fixture(autouse=True)
def _tokentape_marker(request: pytest.FixtureRequest) -> None:
    """Put the marked test's cassette in force, whether or not the test asks for it by name."""
    request.config.stash[REPORT].test = request.node.nodeid
    marker = request.node.get_closest_marker("tokentape")
    if marker is not None:
        shared = marker.kwargs.get("scope") == "class" and request.cls is not None
        request.getfixturevalue("_tokentape_class" if shared else "cassette")


@pytest.fixture
def cassette(request: pytest.FixtureRequest) -> Iterator[Deck]:
    """The cassette of this test, open and in force; its `tally`, `unused` and `mode` may be asserted."""
    from tokentape.pytest_cassettes import block_of

    with block_of(request, request.config.stash[REPORT], _passed) as deck:
        yield deck


@pytest.fixture(scope="class")
def _tokentape_class(request: pytest.FixtureRequest) -> Iterator[Deck]:
    """One cassette for all tests of a class."""
    from tokentape.pytest_cassettes import block_of

    with block_of(request, request.config.stash[REPORT], _all_passed, _all_ran) as deck:
        yield deck


def _passed(node: pytest.Item | pytest.Collector) -> bool:
    """A test that skipped itself did not get to its calls: it says nothing about what is recorded."""
    return node.stash.get(PASSED, False) and not node.stash.get(SKIPPED, False)


def _all_passed(node: pytest.Item | pytest.Collector) -> bool:
    """False also where only some tests of the class were chosen: the cassette is the others' too.

    A test that was skipped is none that failed, else a class with one would never be recorded to the end.
    """
    if node.stash.get(PARTIAL, False) or any(f"::{node.name}::" in argument for argument in node.config.args):
        return False
    return all(item.stash.get(PASSED, False) or item.stash.get(SKIPPED, False) for item in _items(node))


def _all_ran(node: pytest.Item | pytest.Collector) -> bool:
    """False where a test of the class was skipped: what it would have asked is not known."""
    return not any(item.stash.get(SKIPPED, False) for item in _items(node))


def _items(node: pytest.Item | pytest.Collector) -> list[pytest.Item]:
    return [item for item in node.session.items if node in item.listchain()]


def pytest_deselected(items: Sequence[pytest.Item]) -> None:
    """Remember which classes and modules run in part only."""
    for item in items:
        snapshots.run.leave_out(str(item.path.parent), item.path.stem)
        if item.parent is not None:
            item.parent.stash[PARTIAL] = True


def _raise_misses(item: pytest.Item) -> None:
    """Raise what any open cassette latched, once, or the block of the network."""
    __tracebackhide__ = True
    from tokentape import active
    from tokentape.misses import combine

    for deck in active.open_decks():
        deck.settle()
        if deck.errors:
            errors = list(deck.errors)
            deck.clear_errors()
            raise combine(errors)
    block = item.config.stash.get(BLOCK, None)
    if block is not None and block.errors:
        errors = list(block.errors)
        block.errors.clear()
        raise errors[0]


_ENDINGS = (Exception, pytest.fail.Exception, pytest.skip.Exception)
"""What a test may end with, and a miss is still what is wrong with it. An abort is a miss itself."""


def _with_misses(item: pytest.Item) -> Generator[None, object, object]:
    """Run a phase of the test; a miss in it is what the test failed of."""
    __tracebackhide__ = True
    try:
        result = yield
    except ReplayAbort:
        _clear_misses()
        raise
    except _ENDINGS as error:
        _mark_and_raise(item, error)
        raise
    _mark_and_raise(item, None)
    return result


def _clear_misses() -> None:
    from tokentape import active

    for deck in active.open_decks():
        deck.clear_errors()


def _mark_and_raise(item: pytest.Item, error: BaseException | None) -> None:
    __tracebackhide__ = True
    import sys

    if "tokentape.deck" not in sys.modules and BLOCK not in item.config.stash:
        return
    from tokentape.errors import TokentapeError

    try:
        _raise_misses(item)
    except TokentapeError as miss:
        item.stash[MISSED] = True
        if type(miss) is type(error) and error is not None and miss.args == error.args:
            return  # it is what the test ends with anyway
        raise miss from error or miss.__cause__


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None, object, object]:
    """Misses of fixtures; and from here on, snapshots are this test's."""
    name, command = name_of(item), command_of(item)
    snapshots.run.begin(snapshots.Test(item.nodeid, str(item.path.parent), item.path.stem, name, command))
    return (yield from _with_misses(item))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Misses of the test itself, in its call phase."""
    return (yield from _with_misses(item))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Remember whether the test passed; a miss is a failure also where a failure was expected."""
    result = yield
    if call.when != "teardown" and not result.passed:
        snapshots.run.leave_out(str(item.path.parent), item.path.stem)
    if call.when == "setup" and result.skipped:
        item.stash[SKIPPED] = True
    if call.when == "call":
        item.stash[SKIPPED] = result.skipped and not hasattr(result, "wasxfail")
        item.stash[PASSED] = result.passed or (result.skipped and not item.stash.get(MISSED, False))
        if item.stash.get(MISSED, False) and result.outcome != "failed":
            result.outcome = "failed"
            result.wasxfail = ""
            del result.wasxfail
    return result


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A recording that failed fails the run, even if every test passed."""
    report = session.config.stash[REPORT]
    block = session.config.stash.get(BLOCK, None)
    if block is not None:
        report.notes.extend(block.notes)
    report.hand_over()
    broke_off = session.exitstatus == pytest.ExitCode.INTERRUPTED  # so does xdist's controller say it
    snapshots.run.stopped = broke_off or bool(session.shouldfail or session.shouldstop)
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["tokentape_snapshots"] = snapshots.run.plain()
    if (report.failures or report.remarks) and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: object) -> None:
    """Collect what an xdist worker saw."""
    config = getattr(node, "config", None)
    if config is not None:
        told = getattr(node, "workeroutput", {})
        config.stash[REPORT].take_over(told)
        snapshots.run.take_over(told.get("tokentape_snapshots", {}))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Failures always; the whole report with `--tokentape-report`."""
    report = config.stash[REPORT]
    full = config.getoption("--tokentape-report")
    report.write(terminalreporter, [*snapshots.run.lines(full=full)])
