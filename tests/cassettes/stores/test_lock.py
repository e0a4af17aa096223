"""Locks that end with their holder."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
import sys
import threading

import pytest

from tokentape.cassettes.stores.lock import is_at, locked, take
from tokentape.errors import CassetteError

HOLD = """
import sys, time
from tokentape.cassettes.stores.lock import locked
with locked(sys.argv[1]):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "tape.lock")


def test_the_lock_file_is_there_only_while_held(path):
    with locked(path):
        assert os.path.exists(path)
    assert not os.path.exists(path)


def test_one_holder_at_a_time_also_within_a_process(path):
    inside = []

    def count():
        for _ in range(50):
            with locked(path):
                inside.append(1)
                assert len(inside) == 1
                inside.pop()

    failures = []
    threads = [threading.Thread(target=lambda: _collect(count, failures)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def _collect(function, failures):
    try:
        function()
    except BaseException as error:
        failures.append(error)


def test_whoever_waits_too_long_is_told(path):
    with (
        locked(path),
        pytest.raises(CassetteError, match=r"tape\.lock: another process .*; end that process"),
    ):
        locked(path, patience=0.01).__enter__()


def test_a_killed_holder_lets_go(path):
    child = subprocess.Popen([sys.executable, "-c", HOLD, path], stdout=subprocess.PIPE)
    with child:
        assert child.stdout.readline() == b"held\n"
        with pytest.raises(CassetteError):
            locked(path, patience=0).__enter__()
        child.send_signal(signal.SIGKILL)
        child.wait()
    assert os.path.exists(path)
    with locked(path, patience=5):
        pass
    assert not os.path.exists(path)


def test_a_lock_on_a_file_that_was_removed_is_no_lock(path):
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT)
    try:
        assert take(descriptor)
        assert is_at(descriptor, path)
        os.unlink(path)
        assert not is_at(descriptor, path)
    finally:
        os.close(descriptor)


def test_a_place_that_cannot_hold_a_lock_is_an_os_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        locked(str(tmp_path / "none" / "tape.lock")).__enter__()


def test_a_file_system_without_locks_is_an_os_error_and_leaves_no_file_open(path, monkeypatch):
    fcntl = pytest.importorskip("fcntl")

    def refuse(descriptor, operation):
        refused.append(descriptor)
        raise OSError(errno.ENOLCK, "No locks available")

    refused = []
    monkeypatch.setattr(fcntl, "flock", refuse)
    with pytest.raises(OSError, match="No locks available"):
        locked(path).__enter__()
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(refused[0])


def test_a_directory_that_goes_away_meanwhile_is_harmless(tmp_path):
    folder = tmp_path / "gone"
    folder.mkdir()
    with locked(str(folder / "tape.lock")):
        shutil.rmtree(folder)
