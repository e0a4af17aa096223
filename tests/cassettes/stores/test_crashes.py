"""Real deaths: kill -9, fork, full disks, two processes at once. Nothing that ended is lost or doubled."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from tokentape.cassettes.stores import journal as journals
from tokentape.cassettes.stores.directory import DirectoryStore
from tokentape.errors import CassetteCorrupt, CassetteError, TokentapeWarning
from tokentape.testing.contracts.store import RULES, call, keys

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals, fork and limits")

PRELUDE = """
import os, signal, sys, time
from tokentape.cassettes.stores.directory import DirectoryStore
from tokentape.cassettes.stores.journal import FileJournal
from tokentape.testing.contracts.store import RULES, call
store = DirectoryStore(sys.argv[1])
def say(word):
    print(word, flush=True)
def wait():
    sys.stdin.readline()
"""


@contextmanager
def process(root, code):
    command = [sys.executable, "-c", PRELUDE + code, str(root)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        try:
            yield child
        finally:
            child.kill()


def finish(root, code):
    with process(root, code) as child:
        said, _ = child.communicate()
    return child.returncode, said


def hear(child, word):
    assert child.stdout.readline().strip() == word


def endings(root):
    return sorted(path.suffix for path in Path(root).iterdir())


RECORD_FIVE = """
journal = store.journal("tape", rules=RULES)
for number in range(5):
    journal.append(call(number))
say("five")
time.sleep(60)
"""


def killed_after_five(root):
    with process(root, RECORD_FIVE) as child:
        hear(child, "five")
        child.send_signal(signal.SIGKILL)
        child.wait()


@pytest.fixture
def store(tmp_path):
    return DirectoryStore(tmp_path)


# ---- kill -9 ---------------------------------------------------------------------------------------------


def test_R50_after_kill_9_all_finished_calls_are_there(store, tmp_path):
    killed_after_five(tmp_path)
    assert endings(tmp_path) == [".journal"]
    cassette = store.load("tape")
    assert keys(cassette) == [call(n).key for n in range(5)]
    assert (cassette.finished, cassette.rules) == (False, RULES)
    assert endings(tmp_path) == [".json"]


def test_a_living_process_keeps_its_journal(store, tmp_path):
    with process(tmp_path, RECORD_FIVE) as child:
        hear(child, "five")
        assert store.load("tape") is None
        journal = store.journal("tape")
        journal.append(call(9))
        store.commit("tape", journal, finished=True, rules=RULES)
        assert keys(store.load("tape")) == [call(9).key]
        assert endings(tmp_path) == [".journal", ".json"]
    assert len(keys(store.load("tape"))) == 6


@pytest.mark.parametrize("lost", [1, 2, 40, 100])
def test_a_torn_last_call_is_dropped_and_said(store, tmp_path, lost):
    killed_after_five(tmp_path)
    [journal] = tmp_path.glob("*.journal")
    os.truncate(journal, journal.stat().st_size - lost)
    with pytest.warns(TokentapeWarning, match=r"tape\.json: the call that was being written .* is lost"):
        cassette = store.load("tape")
    assert keys(cassette) == [call(n).key for n in range(4)]


def test_a_journal_torn_in_its_head_is_an_empty_one(store, tmp_path):
    (tmp_path / "tape.1-00000000.journal").write_bytes(b'{"journ')
    assert store.load("tape") is None
    assert endings(tmp_path) == []


def test_nothing_is_adopted_into_a_broken_cassette(store, tmp_path):
    killed_after_five(tmp_path)
    (tmp_path / "tape.json").write_text('{"tokentape": 1, ')
    with pytest.raises(CassetteCorrupt):
        store.load("tape")
    assert (tmp_path / "tape.json").read_text() == '{"tokentape": 1, '
    assert endings(tmp_path) == [".journal", ".json"]
    (tmp_path / "tape.json").unlink()
    assert len(keys(store.load("tape"))) == 5


def test_the_next_recording_goes_on_from_there(store, tmp_path):
    killed_after_five(tmp_path)
    journal = store.journal("tape", rules=RULES)
    journal.append(call(7))
    store.commit("tape", journal, finished=True, rules=RULES)
    assert keys(store.load("tape")) == [call(n).key for n in (0, 1, 2, 3, 4, 7)]


@pytest.mark.parametrize("moment", ["FileJournal.discard", "directory.write"])
def test_death_while_saving_loses_and_doubles_nothing(store, tmp_path, moment):
    code = f"""
import tokentape.cassettes.stores.directory as directory
journal = store.journal("tape", rules=RULES)
for number in range(5):
    journal.append(call(number))
{moment} = lambda *args: os.kill(os.getpid(), signal.SIGKILL)
store.commit("tape", journal, finished=True, rules=RULES)
"""
    assert finish(tmp_path, code)[0] == -signal.SIGKILL
    assert ".journal" in endings(tmp_path)
    cassette = store.load("tape")
    assert keys(cassette) == [call(n).key for n in range(5)]
    assert cassette.finished is (moment == "FileJournal.discard")
    assert endings(tmp_path) == [".json"]
    assert keys(store.load("tape")) == [call(n).key for n in range(5)]


def test_what_a_dead_rerecording_left_does_not_mix_with_the_old(store, tmp_path):
    journal = store.journal("tape")
    journal.append(call(30))
    store.commit("tape", journal, finished=True, rules=RULES)
    before = (tmp_path / "tape.json").read_bytes()
    code = RECORD_FIVE.replace("rules=RULES)", "rules=RULES, replaces=True)", 1)
    with process(tmp_path, code) as child:
        hear(child, "five")
    with pytest.warns(TokentapeWarning, match="5 calls of a re-recording .* were dropped"):
        assert keys(store.load("tape")) == [call(30).key]
    assert (tmp_path / "tape.json").read_bytes() == before
    assert endings(tmp_path) == [".json"]


# ---- two processes, forks ----------------------------------------------------------------------------------


def test_R50_two_processes_with_ten_calls_each_leave_twenty(store, tmp_path):
    code = """
start = int(input())
journal = store.journal("tape", rules=RULES)
for number in range(start, 20, 2):
    journal.append(call(number))
say("ready")
wait()
store.commit("tape", journal, finished=True, rules=RULES)
"""
    with process(tmp_path, code) as even, process(tmp_path, code) as odd:
        for start, child in enumerate((even, odd)):
            child.stdin.write(f"{start}\n")
            child.stdin.flush()
        hear(even, "ready")
        hear(odd, "ready")
        for child in (even, odd):
            child.communicate("go\n")
    assert (even.returncode, odd.returncode) == (0, 0)
    cassette = store.load("tape")
    assert keys(cassette) == [call(n).key for n in range(20)]
    assert (cassette.finished, endings(tmp_path)) == (True, [".json"])


def test_a_forked_child_has_a_journal_of_its_own(store, tmp_path):
    code = """
journal = store.journal("tape", rules=RULES)
journal.append(call(1))
if os.fork() == 0:
    assert journal.count == 0
    journal.append(call(2))
    store.commit("tape", journal, finished=True, rules=RULES)
    os._exit(0)
os.wait()
if os.fork() == 0:
    journal.append(call(3))
    os._exit(0)
os.wait()
journal.append(call(4))
store.commit("tape", journal, finished=True, rules=RULES)
"""
    assert finish(tmp_path, code) == (0, "")
    assert keys(store.load("tape")) == [call(n).key for n in (1, 2, 3, 4)]
    assert endings(tmp_path) == [".json"]


def test_a_journal_after_a_fork_starts_anew_and_leaves_the_file_behind(store, tmp_path):
    journal = store.journal("tape", rules=RULES)
    journal.append(call(1))
    before = journal.path
    journals._forget_after_fork()  # what the child of a fork runs, here where it can be looked at
    assert (journal.count, journal.path, journal.is_open) == (0, None, False)
    journal.append(call(2))
    assert journal.path != before
    store.commit("tape", journal, finished=True, rules=RULES)
    assert keys(store.load("tape")) == [call(1).key, call(2).key]


def test_a_childs_discard_leaves_the_parents_calls(store, tmp_path):
    code = """
journal = store.journal("tape", rules=RULES)
journal.append(call(1))
if os.fork() == 0:
    journal.discard()
    os._exit(0)
os.wait()
store.commit("tape", journal, finished=True, rules=RULES)
"""
    assert finish(tmp_path, code) == (0, "")
    assert keys(store.load("tape")) == [call(1).key]


def test_a_child_that_lives_on_does_not_hold_its_dead_parents_journal(store, tmp_path):
    code = """
journal = store.journal("tape", rules=RULES)
journal.append(call(1))
child = os.fork()
if child == 0:
    wait()
    os._exit(0)
say(child)
wait()
"""
    with process(tmp_path, code) as parent:
        child = int(parent.stdout.readline())
        parent.send_signal(signal.SIGKILL)
        parent.wait()
        try:
            os.kill(child, 0)
            loaded = store.load("tape")
            for _ in range(100):  # the child lets go of the lock when it first runs, a moment after the fork
                if loaded is not None:
                    break
                time.sleep(0.05)
                loaded = store.load("tape")
            assert keys(loaded) == [call(1).key]
        finally:
            os.kill(child, signal.SIGKILL)


# ---- full disks ---------------------------------------------------------------------------------------------


def test_a_limit_on_file_size_fails_one_append_and_harms_no_other(store, tmp_path):
    code = """
import resource
journal = store.journal("tape", rules=RULES)
journal.append(call(1))
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
try:
    journal.append(call(2, body=os.urandom(40_000)))
except Exception as error:
    say(f"{type(error).__name__}: {error}")
journal.append(call(3))
store.commit("tape", journal, finished=True, rules=RULES)
"""
    code, said = finish(tmp_path, code)
    assert code == 0
    assert said.startswith("CassetteError: ")
    assert "could not be written: File too large; raise the limit" in said
    assert keys(store.load("tape")) == [call(n).key for n in (1, 3)]


def test_a_save_that_does_not_fit_leaves_cassette_and_journal(store, tmp_path):
    journal = store.journal("tape")
    journal.append(call(1, body=os.urandom(20_000)))
    store.commit("tape", journal, finished=True, rules=RULES)
    before = (tmp_path / "tape.json").read_bytes()
    code = """
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
journal = store.journal("tape", rules=RULES)
journal.append(call(2))
try:
    store.commit("tape", journal, finished=True, rules=RULES)
except Exception as error:
    say(f"{type(error).__name__}: {error}")
"""
    assert "tape.json: the cassette could not be saved: File too large; raise" in finish(tmp_path, code)[1]
    assert (tmp_path / "tape.json").read_bytes() == before
    assert endings(tmp_path) == [".journal", ".json"]
    assert keys(store.load("tape")) == [call(1).key, call(2).key]


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 256 KB, full of what `fill` writes."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = shutil.which("mount")
    if not mount or os.geteuid() != 0:
        pytest.skip("mounting needs root")
    if subprocess.run(
        [mount, "-t", "tmpfs", "-o", "size=256k", "tmpfs", place], check=False, capture_output=True
    ).returncode:
        pytest.skip("no file system can be mounted here")
    yield place
    subprocess.run(["umount", place], check=True)


def test_a_full_disk_leaves_the_old_cassette_and_the_journal(small_disk):
    store = DirectoryStore(small_disk)
    journal = store.journal("tape")
    journal.append(call(1, body=os.urandom(60_000)))
    store.commit("tape", journal, finished=True, rules=RULES)
    before = (small_disk / "tape.json").read_bytes()
    journal = store.journal("tape")
    journal.append(call(2, body=os.urandom(60_000)))
    with pytest.raises(CassetteError, match="could not be written: No space left on device; free some space"):
        journal.append(call(3, body=os.urandom(100_000)))
    with pytest.raises(
        CassetteError, match=r"tape\.json: the cassette could not be saved: No space left .*free"
    ):
        store.commit("tape", journal, finished=True, rules=RULES)
    assert (small_disk / "tape.json").read_bytes() == before
    assert endings(small_disk) == [".journal", ".json"]
    with pytest.warns(TokentapeWarning, match="recorded before it died cannot be taken in.*No space left"):
        assert keys(store.load("tape")) == [call(1).key]
    subprocess.run(["mount", "-o", "remount,size=1m", small_disk], check=True)
    assert keys(store.load("tape")) == [call(1).key, call(2).key]


def test_an_opening_on_a_disk_without_room_for_one_more_file_says_so(small_disk):
    with pytest.raises(OSError, match="No space"):
        fill(small_disk)
    with pytest.raises(CassetteError, match="No space left on device; free some space"):
        DirectoryStore(small_disk).journal("tape")


def fill(folder):
    for number in range(100_000):
        (folder / f"{number}").write_bytes(bytes(4096))


# ---- many ------------------------------------------------------------------------------------------------------


def test_ten_thousand_calls_are_saved(store):
    journal = store.journal("tape", rules=RULES)
    for number in range(5000):
        journal.append(call(number))
    store.commit("tape", journal, finished=True, rules=RULES)
    for number in range(5000):
        journal.append(call(number))
    store.commit("tape", journal, finished=True, rules=RULES)
    cassette = store.load("tape")
    assert len(cassette.entries) == 10_000
    assert cassette.interaction(9999).key == call(4999).key
