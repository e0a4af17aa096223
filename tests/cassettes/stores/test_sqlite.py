"""The SQLite store beyond the contract: many processes, deaths, full disks, and files that are something else."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing, contextmanager

import pytest

import tokentape
from tokentape.cassettes.format.layout import render
from tokentape.cassettes.stores import sqlitefile, sqlitejournal
from tokentape.cassettes.stores.directory import DirectoryStore
from tokentape.cassettes.stores.memory import MemoryStore
from tokentape.cassettes.stores.registry import open_place, open_store
from tokentape.cassettes.stores.sqlite import SqliteStore
from tokentape.cli.saving import save
from tokentape.errors import CassetteCorrupt, CassetteError, CassetteTooNew, TokentapeWarning, UsageError
from tokentape.testing.contracts.store import RULES, call, keys

posix = pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals, fork and mounts")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "tapes.db"


@pytest.fixture
def store(path):
    return SqliteStore(path)


def record(store, *calls, name="tape", finished=True):
    journal = store.journal(name, rules=RULES)
    for interaction in calls:
        journal.append(interaction)
    store.commit(name, journal, finished=finished, rules=RULES)


def changed(path, *statements):
    with closing(sqlite3.connect(path)) as connection, connection:
        for statement in statements:
            connection.execute(statement)


# ---- one database, and what is in it


def test_after_use_there_is_one_file(store, path):
    for name in ("a", "b/c"):
        record(store, call(1), name=name)
        store.load(name).interaction(0)
    assert os.listdir(path.parent) == ["tapes.db"]


def test_a_path_is_kept_when_the_program_changes_its_directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    store = SqliteStore("tapes.db")
    (tmp_path / "inner").mkdir()
    monkeypatch.chdir(tmp_path / "inner")
    record(store, call(1))
    assert (tmp_path / "tapes.db").exists()
    assert store.describe("tape") == "sqlite:tapes.db#tape"


def test_the_scheme_opens_it(outside):
    store, name = open_store("sqlite:runs/tapes.db#a/b")
    assert (type(store), name) == (SqliteStore, "a/b")
    record(store, call(1), name=name)
    store, name = open_place("sqlite:runs/tapes.db")
    assert (store.names(), name) == (["a/b"], None)


@pytest.mark.parametrize("place", ["sqlite:#x", "sqlite:.#x"])
def test_a_place_that_is_no_file_is_refused(outside, place):
    with pytest.raises(UsageError, match=r"name a file: 'sqlite:tapes\.db#NAME'"):
        open_store(place)


BODIES = [
    None,
    b"",
    b'{"text": "caf\xc3\xa9",  "n": [1, 2.50]}',
    b'data: {"a": 1}\n\ndata: [DONE]\n\n',
    bytes(range(256)),
    "\u2028 \u202e".encode(),
]


@pytest.mark.parametrize("finished", [True, False])
def test_a_cassette_moves_to_files_and_back_without_a_changed_byte(store, tmp_path, finished):
    files = DirectoryStore(tmp_path / "files")
    calls = [call(n, body=body, exact="ab" if n % 2 else None) for n, body in enumerate(BODIES)]
    record(files, *calls, call(9, key="id:weather"), call(10, key="id:weather"), finished=finished)
    before = (tmp_path / "files" / "tape.json").read_bytes()
    for one, other in ((files, store), (store, DirectoryStore(tmp_path / "back"))):
        tape = one.load("tape")
        taped = [tape.interaction(number) for number in range(len(tape.entries))]
        save(other, "tape", taped, finished=tape.finished, rules=tape.rules)
    assert (tmp_path / "back" / "tape.json").read_bytes() == before


def test_a_block_is_the_text_of_the_file(store, path):
    record(store, call(1))
    with closing(sqlite3.connect(path)) as connection:
        [(block,)] = connection.execute("SELECT block FROM interaction")
    assert block.decode() == render(store.load("tape").interaction(0))


def test_one_interaction_is_read_without_the_rest(store, path, monkeypatch):
    monkeypatch.setattr("tokentape.cassettes.stores.sqlitecassette.AHEAD", 1)
    record(store, *(call(n) for n in range(3)))
    changed(path, "UPDATE interaction SET block = 'nothing that can be read' WHERE position IN (0, 2)")
    cassette = store.load("tape")
    assert cassette.interaction(1).key == call(1).key
    with pytest.raises(CassetteCorrupt, match=r"sqlite:.*tapes\.db#tape"):
        cassette.interaction(0)


def test_what_was_removed_while_it_was_in_use_is_said(store):
    record(store, call(1))
    cassette = store.load("tape")
    store.delete("tape")
    with pytest.raises(CassetteError, match="recording 00000001 was removed while it was in use"):
        cassette.interaction(0)


def test_what_was_loaded_stays_what_it_was_while_others_record(store):
    record(store, call(5), call(6))
    cassette = store.load("tape")
    record(store, call(1), call(7))
    assert [cassette.interaction(number).key for number in range(2)] == keys(cassette)
    assert keys(store.load("tape")) == [call(n).key for n in (1, 5, 6, 7)]


def test_an_edited_request_is_noticed(store, path):
    record(store, call(1), call(2))
    edit = "UPDATE interaction SET block = CAST(replace(CAST(block AS TEXT), 'api.example', 'api.changed') AS BLOB)"
    changed(path, f"{edit} WHERE position = 1")
    cassette = store.load("tape")
    assert cassette.edited() == [1]
    assert cassette.interaction(1).key == ""


def test_saving_writes_only_what_is_new(store, path):
    record(store, *(call(n) for n in range(20)))
    with closing(sqlite3.connect(path)) as connection:
        before = dict(connection.execute("SELECT row, id FROM interaction"))
        record(store, call(30))
        assert dict(connection.execute("SELECT row, id FROM interaction")).items() > before.items()


def test_drop_without_a_load_means_the_ids_as_they_are(store, path):
    record(store, call(1), call(2))
    gone = store.load("tape").entries[0].id
    SqliteStore(path).commit("tape", None, finished=True, rules=RULES, drop=[gone])
    assert keys(store.load("tape")) == [call(2).key]


def test_another_stores_journal_is_refused(store):
    with pytest.raises(UsageError, match="cannot save a MemoryJournal"):
        store.commit("tape", MemoryStore().journal("tape"), finished=True, rules=RULES)


def test_importing_tokentape_and_a_file_cassette_do_not_load_sqlite(tmp_path, unwatched):
    code = f"""
import sys, tokentape
with tokentape.use_cassette({str(tmp_path / "a.json")!r}, mode="once"): pass
assert "sqlite3" not in sys.modules
tokentape.SqliteStore
assert "sqlite3" in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True, env=unwatched)


def test_use_cassette_records_and_replays(outside, ask, provider):
    for _ in range(2):
        with tokentape.use_cassette("sqlite:tapes.db#one", mode="once") as deck:
            assert [ask(f"Say {n}.") for n in range(3)] == [f"Answer 1 to: Say {n}." for n in range(3)]
    assert (provider.count, deck.tally.replayed, deck.unused) == (3, 3, [])


# ---- processes, deaths, threads

PRELUDE = """
import os, signal, sys, time
from tokentape.cassettes.stores.sqlite import SqliteStore
from tokentape.testing.contracts.store import RULES, call
store = SqliteStore(sys.argv[1])
def say(word):
    print(word, flush=True)
def wait():
    sys.stdin.readline()
"""


@contextmanager
def process(path, code):
    command = [sys.executable, "-c", PRELUDE + code, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        try:
            yield child
        finally:
            child.kill()


def finish(path, code):
    with process(path, code) as child:
        said, _ = child.communicate()
    return child.returncode, said


FIVE = """
journal = store.journal("tape", rules=RULES)
for number in range(5):
    journal.append(call(number))
say("five")
wait()
"""


def killed_after_five(path, code=FIVE):
    with process(path, code) as child:
        assert child.stdout.readline() == "five\n"
        child.kill()
        child.wait()


@posix
def test_R50_after_kill_9_all_finished_calls_are_there(store, path):
    killed_after_five(path)
    assert store.names() == ["tape"]
    cassette = store.load("tape")
    assert keys(cassette) == [call(n).key for n in range(5)]
    assert (cassette.finished, cassette.rules) == (False, RULES)
    assert os.listdir(path.parent) == ["tapes.db"]
    assert keys(store.load("tape")) == keys(cassette)


def test_a_living_process_keeps_its_journal(store, path):
    with process(path, FIVE) as child:
        assert child.stdout.readline() == "five\n"
        assert (store.load("tape"), store.names()) == (None, [])
        record(store, call(9))
        assert keys(store.load("tape")) == [call(9).key]
    assert len(keys(store.load("tape"))) == 6


@posix
def test_the_next_recording_takes_in_what_a_dead_process_left(store, path):
    killed_after_five(path)
    record(store, call(7))
    assert keys(store.load("tape")) == [call(n).key for n in (0, 1, 2, 3, 4, 7)]
    assert store.load("tape").finished


@posix
def test_what_a_dead_rerecording_left_does_not_mix_with_the_old(store, path):
    record(store, call(30))
    killed_after_five(path, FIVE.replace("rules=RULES)", "rules=RULES, replaces=True)", 1))
    with pytest.warns(TokentapeWarning, match="5 calls of a re-recording .* were dropped"):
        assert keys(store.load("tape")) == [call(30).key]
    assert store.load("tape").finished


@posix
def test_death_while_saving_loses_and_doubles_nothing(store, path):
    code = """
import tokentape.cassettes.stores.sqlite as module
journal = store.journal("tape", rules=RULES)
for number in range(5):
    journal.append(call(number))
module.forget = lambda *args: os.kill(os.getpid(), signal.SIGKILL)  # before the transaction ends
store.commit("tape", journal, finished=True, rules=RULES)
"""
    assert finish(path, code)[0] == -signal.SIGKILL
    cassette = store.load("tape")
    assert (keys(cassette), cassette.finished) == ([call(n).key for n in range(5)], False)


def test_R50_two_processes_with_ten_calls_each_leave_twenty(store, path):
    code = """
start = int(sys.stdin.readline())
journal = store.journal("tape", rules=RULES)
for number in range(start, 20, 2):
    journal.append(call(number))
say("ready")
wait()
store.commit("tape", journal, finished=True, rules=RULES)
"""
    with process(path, code) as even, process(path, code) as odd:
        for start, child in enumerate((even, odd)):
            child.stdin.write(f"{start}\n")
            child.stdin.flush()
        for child in (even, odd):
            assert child.stdout.readline() == "ready\n"
        for child in (even, odd):
            child.communicate("go\n")
    assert (even.returncode, odd.returncode) == (0, 0)
    assert keys(store.load("tape")) == [call(n).key for n in range(20)]


@posix
def test_a_forked_child_has_a_journal_of_its_own(store, path):
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
if os.fork() == 0:
    journal.discard()
    sys.exit(0)
os.wait()
journal.append(call(4))
store.commit("tape", journal, finished=True, rules=RULES)
"""
    assert finish(path, code) == (0, "")
    assert keys(store.load("tape")) == [call(n).key for n in (1, 2, 3, 4)]
    assert os.listdir(path.parent) == ["tapes.db"]


def test_a_journal_after_a_fork_starts_anew(store):
    journal = store.journal("tape", rules=RULES)
    journal.append(call(1))
    before = journal.mark
    sqlitejournal._after_fork()  # what the child of a fork runs, here where it can be looked at
    assert (journal.count, journal.mark) == (0, None)
    journal.append(call(2))
    assert journal.mark != before
    store.commit("tape", journal, finished=True, rules=RULES)
    assert keys(store.load("tape")) == [call(1).key, call(2).key]


def test_threads_of_several_openings_lose_nothing(store, path):
    def opening(start):
        record(SqliteStore(path), *(call(n) for n in range(start, 40, 4)))

    threads = [threading.Thread(target=opening, args=(start,)) for start in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert keys(store.load("tape")) == [call(n).key for n in range(40)]


# ---- files that are something else


@pytest.mark.parametrize("use", ["load", "journal", "names", "commit", "delete"])
@pytest.mark.parametrize(
    ("spoil", "said", "error"),
    [
        (
            lambda path: path.write_bytes(b"hello " * 200),
            "it is not a SQLite database; choose",
            CassetteError,
        ),
        (
            lambda path: changed(path, "CREATE TABLE theirs (x)"),
            "the database of another program",
            CassetteError,
        ),
        (
            lambda path: changed(path, "PRAGMA user_version = 3"),
            "the database of another program",
            CassetteError,
        ),
        (
            lambda path: (record(SqliteStore(path), call(1)), changed(path, "PRAGMA user_version = 99")),
            "version 99 of the database; this tokentape reads up to 1; use a newer",
            CassetteTooNew,
        ),
    ],
)
def test_a_file_that_is_something_else_is_refused_and_kept(store, path, spoil, said, error, use):
    spoil(path)
    before = path.read_bytes()
    with pytest.raises(error, match=said) as caught:
        if use == "commit":
            store.commit("tape", None, finished=True, rules=RULES)
        else:
            getattr(store, use)(*([] if use == "names" else ["tape"]))
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert path.read_bytes() == before


def test_blocks_of_a_later_format_are_refused(store, path):
    record(store, call(1))
    changed(path, "UPDATE cassette SET format = 2")
    with pytest.raises(CassetteTooNew, match="version 2 of the format"):
        store.load("tape")


def test_an_empty_file_is_an_empty_store(store, path):
    path.touch()
    assert (store.load("tape"), store.names()) == (None, [])
    store.delete("tape")
    record(store, call(1))
    assert store.names() == ["tape"]


def test_a_name_that_sqlite_cannot_hold_is_one_line(store):
    record(store, call(1))
    with pytest.raises(CassetteError, match="lone surrogate"):
        store.load("half \ud83d")


def test_a_database_that_stays_locked_is_one_line(store, path, monkeypatch):
    monkeypatch.setattr(sqlitefile, "PATIENCE", 0.05)
    monkeypatch.setattr(SqliteStore(path)._file.connect.__func__, "__defaults__", (0.05,))
    record(store, call(1))
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert keys(store.load("tape")) == [call(1).key]
        with pytest.raises(CassetteError, match="another process has been writing to it for too long"):
            store.commit("tape", None, finished=False, rules=RULES)


def test_a_database_that_is_removed_while_recording_is_said(store, path):
    journal = store.journal("tape", rules=RULES)
    journal.append(call(1))
    for file in path.parent.glob("tapes.db*"):
        file.unlink()
    with pytest.raises(
        CassetteError, match="1 recorded calls are gone; make sure that the file is not removed"
    ):
        store.commit("tape", journal, finished=True, rules=RULES)


def test_a_folder_that_is_a_file_is_one_line(tmp_path):
    (tmp_path / "folder").touch()
    with pytest.raises(CassetteError, match="is a file, not a directory"):
        SqliteStore(tmp_path / "folder" / "tapes.db").journal("tape")


# ---- disks


@pytest.fixture
def disk(tmp_path):
    """A file system of its own, and what mounts it again with other options."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = shutil.which("mount")
    if not mount or os.geteuid() != 0:
        pytest.skip("mounting needs root")
    if subprocess.run(
        [mount, "-t", "tmpfs", "-o", "size=512k", "tmpfs", place], check=False, capture_output=True
    ).returncode:
        pytest.skip("no file system can be mounted here")
    yield place
    subprocess.run(["umount", place], check=True)


def again(place, options):
    subprocess.run(["mount", "-o", f"remount,{options}", place], check=True)


@posix
def test_a_full_disk_loses_the_call_in_flight_only(disk):
    store = SqliteStore(disk / "tapes.db")
    journal = store.journal("tape", rules=RULES)
    journal.append(call(1))
    with pytest.raises(CassetteError, match="could not be written: no space left on device; free some space"):
        journal.append(call(2, body=os.urandom(600_000)))
    journal.append(call(3))
    assert journal.count == 2
    store.commit("tape", journal, finished=True, rules=RULES)
    assert keys(store.load("tape")) == [call(1).key, call(3).key]


@posix
def test_a_save_that_does_not_fit_can_be_made_later(disk):
    store = SqliteStore(disk / "tapes.db")
    record(store, call(1))
    journal = store.journal("tape", rules=RULES)
    journal.append(call(2, body=os.urandom(120_000)))
    with open(disk / "filler", "wb", buffering=0) as filler, pytest.raises(OSError, match="No space"):
        while True:
            filler.write(bytes(4096))
    with pytest.raises(CassetteError, match="could not be saved: no space left on device"):
        store.commit("tape", journal, finished=True, rules=RULES)
    again(disk, "size=4m")
    assert keys(store.load("tape")) == [call(1).key, call(2).key]


@posix
def test_a_read_only_disk_replays_and_refuses_to_record(disk):
    store = SqliteStore(disk / "tapes.db")
    record(store, call(1))
    again(disk, "ro")
    cassette = store.load("tape")
    assert cassette.interaction(0).key == call(1).key
    assert store.names() == ["tape"]
    with pytest.raises(CassetteError, match="cannot be written: Read-only file system|it is read-only"):
        store.journal("tape")
    again(disk, "rw")


@posix
@pytest.mark.parametrize("settled", [True, False])
def test_what_a_dead_process_left_on_a_read_only_disk_waits_and_is_said(disk, settled):
    store = SqliteStore(disk / "tapes.db")
    record(store, call(30))
    killed_after_five(disk / "tapes.db")
    if settled:
        changed(disk / "tapes.db", "PRAGMA wal_checkpoint(TRUNCATE)")
    again(disk, "ro")
    with pytest.warns(TokentapeWarning, match="recorded before it died cannot be taken in.*read-only"):
        assert keys(store.load("tape")) == [call(30).key]
    again(disk, "rw")
    assert len(keys(store.load("tape"))) == 6


# ---- many


def test_ten_thousand_calls_are_saved_and_one_is_read(store):
    record(store, *(call(n % 3600, key=f"{n:024x}") for n in range(10_000)))
    record(store, call(3599))
    cassette = store.load("tape")
    assert len(cassette.entries) == 10_001
    assert cassette.interaction(10_000).timing.at == call(3599).timing.at


def test_the_command_line_knows_it(outside, ask):
    from click.testing import CliRunner

    from tokentape.cli.main import tokentape as command

    for name in ("one", "two"):
        with tokentape.use_cassette(f"sqlite:tapes.db#{name}", mode="once"):
            ask(f"Say {name}.")
    ran = CliRunner()
    listed = ran.invoke(command, ["ls", "sqlite:tapes.db"]).output
    assert "one" in listed
    assert "two" in listed
    assert "Say two." in ran.invoke(command, ["ls", "sqlite:tapes.db#two"]).output
    [shown] = json.loads(ran.invoke(command, ["show", "--json", "sqlite:tapes.db#one"]).output)
    assert shown["reply"] == "Answer 1 to: Say one."
    rekeyed = ran.invoke(command, ["rekey", "sqlite:tapes.db", "--match-on", "path"]).output
    assert rekeyed.splitlines() == [
        "sqlite:tapes.db#one: 1 of 1 keys changed",
        "sqlite:tapes.db#two: 1 of 1 keys changed",
    ]
    missing = ran.invoke(command, ["show", "sqlite:tapes.db"])
    assert isinstance(missing.exception, UsageError)
