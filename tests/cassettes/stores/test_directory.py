"""Cassettes as files: what is on disk, whose names these are, and what a place that cannot be one says."""

from __future__ import annotations

import json
import os
import stat
import sys
import tempfile
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from tokentape.cassettes import stretch
from tokentape.cassettes.format import layout
from tokentape.cassettes.stores import directory, orphans
from tokentape.cassettes.stores import journal as journals
from tokentape.cassettes.stores.directory import DirectoryStore
from tokentape.cassettes.stores.memory import MemoryStore
from tokentape.errors import CassetteCorrupt, CassetteError, UsageError
from tokentape.testing.contracts.store import RULES, call, ids, keys

posix = pytest.mark.skipif(sys.platform == "win32", reason="POSIX access rights")


@pytest.fixture
def store(tmp_path):
    return DirectoryStore(tmp_path)


def record(store, *calls, name="tape", finished=True, **more):
    journal = store.journal(name)
    for interaction in calls:
        journal.append(interaction)
    store.commit(name, journal, finished=finished, rules=RULES, **more)


def files(folder):
    return sorted(str(path.relative_to(folder)) for path in Path(folder).rglob("*") if path.is_file())


# ---- what is on disk -----------------------------------------------------------------------------------


def test_nothing_is_made_before_the_first_append(tmp_path):
    store = DirectoryStore(tmp_path / "a" / "b")
    journal = store.journal("c/tape")
    assert files(tmp_path) == []
    assert not (tmp_path / "a").exists()
    journal.append(call(1))
    [made] = files(tmp_path)
    assert made.startswith(os.path.join("a", "b", "c", f"tape.{os.getpid()}-"))
    assert made.endswith(".journal")


def test_a_commit_leaves_the_cassette_alone(store, tmp_path):
    record(store, call(1))
    assert files(tmp_path) == ["tape.json"]


def test_a_save_that_changes_nothing_touches_nothing(store, tmp_path):
    record(store, call(1))
    os.utime(tmp_path / "tape.json", (1, 1))
    store.commit("tape", None, finished=True, rules=RULES)
    assert (tmp_path / "tape.json").stat().st_mtime == 1


def test_the_same_recording_gives_the_same_bytes(store, tmp_path):
    record(store, call(1), call(2))
    record(store, call(2), call(1), name="again")
    assert (tmp_path / "tape.json").read_bytes() == (tmp_path / "again.json").read_bytes()


def test_a_commit_parses_no_interaction(store, monkeypatch):
    record(store, call(1), call(3))

    def refuse(*args, **kwargs):
        raise AssertionError("an interaction was parsed")

    monkeypatch.setattr(layout, "parse", refuse)
    record(store, call(2))
    assert keys(store.load("tape")) == [call(n).key for n in (1, 2, 3)]


def test_a_file_laid_out_by_hand_is_merged_and_laid_out_again(store, tmp_path):
    record(store, call(1), call(3))
    before = (tmp_path / "tape.json").read_bytes()
    (tmp_path / "tape.json").write_text(json.dumps(json.loads(before), indent=4))
    record(store, call(2))
    record(store, call(1), call(2), call(3), name="fresh")
    assert (tmp_path / "tape.json").read_bytes() == (tmp_path / "fresh.json").read_bytes()


def test_an_order_made_by_hand_stays(store, tmp_path):
    record(store, call(1), call(2))
    text = (tmp_path / "tape.json").read_text()
    document = json.loads(text)
    document["interactions"].reverse()
    (tmp_path / "tape.json").write_text(json.dumps(document))
    record(store, call(3))
    assert keys(store.load("tape")) == [call(n).key for n in (2, 1, 3)]


@posix
def test_access_rights_and_links_are_kept(store, tmp_path):
    record(store, call(1))
    os.chmod(tmp_path / "tape.json", 0o640)
    (tmp_path / "link.json").symlink_to("tape.json")
    record(store, call(2), name="link")
    assert (tmp_path / "link.json").is_symlink()
    assert stat.S_IMODE((tmp_path / "tape.json").stat().st_mode) == 0o640
    assert len(keys(store.load("tape"))) == 2


def test_a_program_may_change_its_directory(tmp_path, monkeypatch):
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path)
    store = DirectoryStore("cassettes")
    journal = store.journal("tape")
    monkeypatch.chdir(tmp_path / "elsewhere")
    journal.append(call(1))
    store.commit("tape", journal, finished=True, rules=RULES)
    assert files(tmp_path) == [os.path.join("cassettes", "tape.json")]
    assert store.describe("tape") == os.path.join("cassettes", "tape.json")


def test_equal_imported_calls_are_dropped_one_by_one(store):
    from dataclasses import replace

    timeless = replace(call(1), timing=replace(call(1).timing, at=""))
    record(store, timeless, timeless, timeless)
    second = ids(store.load("tape"))[1]
    store.commit("tape", None, finished=True, rules=RULES, drop=[second])
    assert len(keys(store.load("tape"))) == 2


def test_a_journal_of_another_store_is_refused(store):
    with pytest.raises(UsageError, match="cannot save a MemoryJournal"):
        store.commit("tape", MemoryStore().journal("tape"), finished=True, rules=RULES)
    with pytest.raises(UsageError, match="cannot save a FileJournal"):
        MemoryStore().commit("tape", store.journal("tape"), finished=True, rules=RULES)


def test_a_call_that_ends_during_a_commit_is_kept(store, monkeypatch):
    """It waits for the journal, goes to a new one, and the next opening finds it there."""
    journal = store.journal("tape", rules=RULES)
    journal.append(call(1))
    late = threading.Thread(target=journal.append, args=(call(2),))
    save = directory.write

    def slow(path, data):
        late.start()
        save(path, data)

    monkeypatch.setattr(directory, "write", slow)
    store.commit("tape", journal, finished=True, rules=RULES)
    late.join()
    monkeypatch.undo()
    assert journal.count == 1
    journal.release()
    assert keys(store.load("tape")) == [call(1).key, call(2).key]


def test_an_opening_that_comes_before_the_lock_takes_nothing_away(store, tmp_path, monkeypatch):
    """Between making its file and locking it, a journal looks like that of a dead process."""
    real, tried = journals.take, []

    def late(descriptor):
        if not tried:
            tried.append(files(tmp_path))
            assert DirectoryStore(tmp_path).load("tape") is None
        return real(descriptor)

    journal = store.journal("tape", rules=RULES)
    monkeypatch.setattr(journals, "take", late)
    journal.append(call(1))
    assert len(tried[0]) == 1
    assert files(tmp_path) != tried[0]
    store.commit("tape", journal, finished=True, rules=RULES)
    assert keys(store.load("tape")) == [call(1).key]


def test_a_journal_open_in_this_process_is_not_adopted_where_locks_count_per_process(store, monkeypatch):
    journal = store.journal("tape", rules=RULES)
    journal.append(call(1))
    monkeypatch.setattr(orphans, "take", lambda descriptor: True)
    assert store.load("tape") is None
    store.commit("tape", journal, finished=True, rules=RULES)
    assert keys(store.load("tape")) == [call(1).key]


def test_journals_that_vanish_meanwhile_are_somebody_elses(store, tmp_path, monkeypatch):
    gone = str(tmp_path / "tape.1-00000000.journal")
    monkeypatch.setattr(directory, "journals_of", lambda stem: [gone])
    monkeypatch.setattr(orphans, "journals_of", lambda stem: [gone])
    assert store.load("tape") is None


def test_a_journal_dropped_without_a_word_is_adopted(store):
    store.journal("tape", rules=RULES).append(call(1))
    assert keys(store.load("tape")) == [call(1).key]


# ---- names -----------------------------------------------------------------------------------------


def test_names_lists_nested_ones_and_journals_but_nothing_hidden(store, tmp_path):
    record(store, call(1), name="a/b")
    record(store, call(1))
    journal = store.journal("only/recording")
    journal.append(call(1))
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / "x.json").write_text("{}")
    (tmp_path / ".x.json").write_text("{}")
    (tmp_path / "notes.txt").write_text("")
    assert store.names() == ["a/b", "only/recording", "tape"]
    assert DirectoryStore(tmp_path / "none").names() == []


def test_a_file_that_is_there_is_used_whatever_its_name(store, tmp_path):
    record(store, call(1))
    os.rename(tmp_path / "tape.json", tmp_path / "-odd, name?.json")
    assert store.names() == ["-odd, name?"]
    assert keys(store.load("-odd, name?")) == [call(1).key]
    record(store, call(2), name="-odd, name?")
    assert files(tmp_path) == ["-odd, name?.json"]


@pytest.mark.parametrize("name", ["../out", "/etc/out", "a/../../out", "..\\out", "C:\\out", "..", ".", ""])
def test_no_name_leaves_the_root(tmp_path, name):
    root = tmp_path / "deep" / "root"
    record(DirectoryStore(root), call(1), name=name)
    [made] = files(tmp_path)
    assert made.startswith(os.path.join("deep", "root", ""))


def test_delete_takes_journals_of_the_dead_too(store, tmp_path):
    journal = store.journal("tape")
    journal.append(call(1))
    journal.release()
    store.delete("tape")
    assert files(tmp_path) == []


# ---- places that cannot be one --------------------------------------------------------------------------


def opening_fails(store, name, said):
    for opening in (store.load, store.journal):
        with pytest.raises(CassetteError, match=said) as caught:
            opening(name)
        assert "\n" not in str(caught.value)
        assert caught.value.fix


def test_a_directory_in_place_of_the_file(store, tmp_path):
    (tmp_path / "tape.json").mkdir()
    opening_fails(store, "tape", r"tape\.json: cannot be .*directory.*; name a file in it")


def test_a_file_in_place_of_the_directory(tmp_path):
    (tmp_path / "cassettes").write_text("mine")
    said = r"cannot be .*cassettes is a file, not a directory; move that file away"
    opening_fails(DirectoryStore(tmp_path / "cassettes"), "tape", said)
    opening_fails(DirectoryStore(tmp_path / "cassettes" / "deeper"), "tape", said)
    opening_fails(DirectoryStore(tmp_path), "cassettes/tape", said)
    assert (tmp_path / "cassettes").read_text() == "mine"


def test_a_path_that_is_too_long(tmp_path):
    opening_fails(
        DirectoryStore(tmp_path / ("x" * 300)), "tape", "cannot be .*too long; choose a shorter name"
    )


def test_a_directory_that_is_a_dangling_link(tmp_path):
    (tmp_path / "cassettes").symlink_to("nowhere")
    with pytest.raises(CassetteError, match="cannot be written: No such file"):
        DirectoryStore(tmp_path / "cassettes").journal("tape")


def as_nobody(function):
    """Run `function` in a forked child without root's rights; what it raised, as text."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        said = b""
        try:
            if os.geteuid() == 0:
                os.setuid(65534)
            function()
        except BaseException as error:
            said = f"{type(error).__name__}: {error}".encode()
        os.write(writer, said)
        os._exit(0)
    os.close(writer)
    os.waitpid(child, 0)
    with os.fdopen(reader) as file:
        return file.read()


@pytest.fixture
def shared():
    """A directory that other users reach, which pytest's own may not be."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        yield Path(folder)


@posix
def test_an_unwritable_directory_is_said_at_opening(shared):
    (shared / "cassettes").mkdir(mode=0o555)
    os.chmod(shared, 0o555)
    for place in (shared, shared / "cassettes", shared / "new" / "deep"):
        said = as_nobody(lambda place=place: DirectoryStore(place).journal("tape"))
        assert said.startswith(
            f"CassetteError: {place}/tape.json: cannot be written: Permission denied; make it"
        )
    os.chmod(shared, 0o755)


@posix
def test_a_read_only_cassette_is_not_replaced(shared):
    record(DirectoryStore(shared), call(1))
    os.chmod(shared / "tape.json", 0o444)
    os.chmod(shared, 0o777)
    said = as_nobody(lambda: DirectoryStore(shared).journal("tape"))
    assert "tape.json: cannot be written: it is read-only; make it writable" in said


@posix
def test_an_unreadable_cassette_is_no_absent_one(shared):
    record(DirectoryStore(shared), call(1))
    os.chmod(shared / "tape.json", 0o200)
    if os.geteuid() != 0:
        pytest.skip("needs another user's file")
    assert "tape.json: cannot be read: Permission denied" in as_nobody(
        lambda: DirectoryStore(shared).load("tape")
    )


# ---- broken files ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "damage", [lambda data: data[: len(data) // 2], lambda data: b"", lambda data: b"{}"]
)
def test_R56_a_broken_file_is_refused_and_never_overwritten(store, tmp_path, damage):
    record(store, call(1), call(2))
    broken = damage((tmp_path / "tape.json").read_bytes())
    (tmp_path / "tape.json").write_bytes(broken)
    with pytest.raises(CassetteCorrupt):
        store.load("tape")
    journal = store.journal("tape")
    journal.append(call(3))
    with pytest.raises(CassetteCorrupt):
        store.commit("tape", journal, finished=True, rules=RULES)
    with pytest.raises(CassetteCorrupt):
        store.commit("tape", journal, finished=True, rules=RULES, replace=True)
    assert (tmp_path / "tape.json").read_bytes() == broken
    assert sum(name.endswith(".journal") for name in files(tmp_path)) == 1
    assert not any(name.endswith((".tmp", ".lock")) for name in files(tmp_path))


def test_a_large_call_is_copied_from_the_journal_to_the_cassette(tmp_path, monkeypatch):
    for name, value in (("_LARGE", 100), ("_HEAD", 40)):
        monkeypatch.setattr(journals, name, value)
    monkeypatch.setattr(stretch, "_AT_ONCE", 7)
    monkeypatch.setattr(stretch.Stretch, "__bytes__", None)  # never as one in memory
    store, plain = DirectoryStore(tmp_path / "a"), MemoryStore()
    for each in (store, plain):
        journal = each.journal("tape", rules="r")
        for number in range(3):
            journal.append(replace(call(number), id="not kept"))
        each.commit("tape", journal, finished=True, rules="r")
    loaded = plain.load("tape")
    assert [store.load("tape").interaction(n) for n in range(3)] == [loaded.interaction(n) for n in range(3)]
    assert (tmp_path / "a" / "tape.json").read_bytes() == plain._files["tape"]


def test_a_journal_that_lost_its_end_saves_nothing_and_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(journals, "_LARGE", 100)
    monkeypatch.setattr(journals, "_HEAD", 40)
    store = DirectoryStore(tmp_path)
    journal = store.journal("tape")
    journal.append(call(1))
    os.truncate(journal.path, os.path.getsize(journal.path) - 60)
    with pytest.raises(CassetteError, match="could not be saved: the journal became shorter"):
        store.commit("tape", journal, finished=True, rules="r")
    assert not (tmp_path / "tape.json").exists()
