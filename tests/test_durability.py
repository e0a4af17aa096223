"""Real deaths in the middle of real recordings, through an HTTP client and `use_cassette`.

`tests/cassettes/stores/test_crashes.py` has the same of the store alone.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

import tokentape
from tokentape.errors import CassetteCorrupt, RecordingFailed, TokentapeWarning

pytestmark = [
    pytest.mark.usefixtures("outside"),
    pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals, fork and mounts"),
]
MODES = ["once", "none", "new_episodes", "refresh", "all"]

PRELUDE = """
import os, sys, threading, time
import tokentape
url, path, mode = sys.argv[1:4]
def say(word):
    print(word, flush=True)
def ask(text, client=None):
    import openai
    client = openai.OpenAI(api_key="sk-not-a-key-000", base_url=url + "/v1", max_retries=0)
    said = [{"role": "user", "content": text}]
    reply = client.chat.completions.create(model="m", messages=said)
    return reply.choices[0].message.content
"""


@pytest.fixture
def path(outside):
    pytest.importorskip("openai")
    return outside / "tapes" / "tape.json"


def asks(path):
    return [entry["asks"] for entry in json.loads(path.read_text())["interactions"]]


@contextmanager
def process(provider, path, code, mode="once"):
    command = [sys.executable, "-c", PRELUDE + code, provider.url, str(path), mode]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        try:
            yield child
        finally:
            child.kill()


def finish(child):
    said, _ = child.communicate(timeout=120)
    assert child.returncode == 0, said
    return said.split()


FIVE_AND_THEN_FOREVER = """
with tokentape.use_cassette(path, mode=mode):
    for number in range(5):
        ask(f"Say {number}.")
    say("five")
    sys.stdin.readline()
"""


def killed(provider, path, mode="once"):
    """A process with 5 calls that ended, killed in the middle of the block."""
    with process(provider, path, FIVE_AND_THEN_FOREVER, mode) as child:
        assert child.stdout.readline() == "five\n"
        child.send_signal(signal.SIGKILL)
        assert child.wait() == -signal.SIGKILL


def test_R50_after_kill_9_the_five_calls_are_there_and_once_goes_on(provider, path, ask_sdk):
    killed(provider, path)
    assert provider.count == 5
    with tokentape.use_cassette(path, mode="once") as deck:
        for number in range(7):
            ask_sdk(f"Say {number}.")
    assert (deck.tally.replayed, deck.tally.recorded) == (5, 2)
    assert provider.count == 7
    assert asks(path) == [f"Say {number}." for number in range(7)]
    assert json.loads(path.read_text())["finished"] is True
    assert os.listdir(path.parent) == ["tape.json"]


def test_R50_what_a_killed_process_left_replays_in_mode_none(provider, path, ask_sdk):
    killed(provider, path)
    provider.stop()
    with tokentape.use_cassette(path, mode="none") as deck:
        assert "Say 3." in ask_sdk("Say 3.")
    assert deck.tally.replayed == 1


def test_a_call_in_flight_at_kill_9_is_the_only_one_lost(provider, path):
    provider.delay_by(lambda seen: 60 if b"Wait." in seen.body else 0)
    code = FIVE_AND_THEN_FOREVER.replace('    say("five")', '    ask("Wait.")')
    with process(provider, path, code) as child:
        provider.wait_for(6, timeout=60)
        child.send_signal(signal.SIGKILL)
        child.wait()
    provider.delay_by(None)
    with tokentape.use_cassette(path, mode="none"):
        pass
    assert asks(path) == [f"Say {number}." for number in range(5)]


def test_kill_9_in_the_middle_of_rerecording_keeps_the_old_cassette_whole(provider, path, ask_sdk):
    """What was to replace everything does not mix with what it meant to replace."""
    with tokentape.use_cassette(path, mode="once"):
        ask_sdk("Old one.")
    before = path.read_bytes()
    killed(provider, path, mode="all")
    with pytest.warns(TokentapeWarning, match="tape"), tokentape.use_cassette(path, mode="none"):
        assert "Old one." in ask_sdk("Old one.")
    assert path.read_bytes() == before


TEN = """
with tokentape.use_cassette(path, mode=mode):
    say("open")
    sys.stdin.readline()
    for number in range(10):
        ask(f"Say {os.getpid()} {number}.")
"""


@pytest.mark.parametrize("mode", ["once", "new_episodes"])
def test_R50_two_processes_with_ten_calls_each_leave_twenty(provider, path, mode):
    with process(provider, path, TEN, mode) as one, process(provider, path, TEN, mode) as two:
        for child in (one, two):
            assert child.stdout.readline() == "open\n"
        for child in (one, two):
            child.stdin.write("\n")
            child.stdin.flush()
        for child in (one, two):
            finish(child)
    assert provider.count == 20
    expected = sorted(f"Say {child.pid} {number}." for child in (one, two) for number in range(10))
    assert sorted(asks(path)) == expected
    assert os.listdir(path.parent) == ["tape.json"]


FORK = """
with tokentape.use_cassette(path, mode=mode):
    ask("Before.")
    child = os.fork()
    if child == 0:
        ask("In the child.")
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    ask("In the parent.")
"""


def test_a_fork_while_recording_loses_nothing(provider, path):
    """The child leaves without a word, as a worker of a pool does: its call is adopted by the next opening."""
    with process(provider, path, FORK) as child:
        finish(child)
    with tokentape.use_cassette(path, mode="new_episodes"):
        pass
    assert sorted(asks(path)) == ["Before.", "In the child.", "In the parent."]
    assert os.listdir(path.parent) == ["tape.json"]


def test_a_forked_child_that_ends_the_block_itself_saves_its_own(provider, path):
    code = FORK.replace("        os._exit(0)\n", "").replace(
        '    assert os.waitpid(child, 0)[1] == 0\n    ask("In the parent.")\n',
        '    else:\n        assert os.waitpid(child, 0)[1] == 0\n        ask("In the parent.")\n',
    )
    with process(provider, path, code) as child:
        finish(child)
    assert sorted(asks(path)) == ["Before.", "In the child.", "In the parent."]
    assert os.listdir(path.parent) == ["tape.json"]


def test_50_threads_record_one_cassette(provider, path, ask_sdk):
    with tokentape.use_cassette(path, mode="once") as deck, ThreadPoolExecutor(50) as pool:
        live = list(pool.map(ask_sdk, (f"Say {number}." for number in range(50))))
    assert (deck.tally.recorded, deck.troubles) == (50, ())
    assert sorted(asks(path)) == sorted(f"Say {number}." for number in range(50))
    provider.stop()
    with tokentape.use_cassette(path, mode="none") as deck, ThreadPoolExecutor(50) as pool:
        assert list(pool.map(ask_sdk, (f"Say {number}." for number in range(50)))) == live
    assert (deck.tally.replayed, deck.unused) == (50, [])


# Full disks


@pytest.fixture
def small_disk(outside):
    """A file system of 128 KB."""
    place = outside / "disk"
    place.mkdir()
    mount = shutil.which("mount")
    if not mount or os.geteuid() != 0:
        pytest.skip("mounting needs root")
    command = [mount, "-t", "tmpfs", "-o", "size=128k", "tmpfs", place]
    if subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("no file system can be mounted here")
    yield place
    subprocess.run(["umount", place], check=True)


def test_R16_a_disk_that_fills_up_in_mid_run_costs_the_calls_nothing(provider, small_disk, ask_sdk):
    path = small_disk / "tape.json"
    long = "word " * 6000
    with pytest.warns(TokentapeWarning, match="No space left on device"):
        with tokentape.use_cassette(path, mode="once") as deck:
            answers = [ask_sdk(f"{number} {long}") for number in range(5)]
            answers.append(ask_sdk("short"))
    assert all(answers)
    assert provider.count == 6
    assert deck.tally.recorded < 6
    assert any(isinstance(trouble, RecordingFailed) for trouble in deck.troubles)
    subprocess.run(["mount", "-o", "remount,size=2m", small_disk], check=True)
    with tokentape.use_cassette(path, mode="once") as deck:
        assert [ask_sdk(f"{number} {long}") for number in range(5)]
        ask_sdk("short")
    assert deck.tally.replayed >= 1
    assert len(asks(path)) == 6


# Broken files


@pytest.fixture
def taped(path, ask_sdk):
    with tokentape.use_cassette(path, mode="once"):
        for number in range(3):
            ask_sdk(f"Say {number}.")
    return path


CONFLICT = "<<<<<<< ours\n{old}\n=======\n{new}\n>>>>>>> theirs\n"


def damaged(text, damage):
    lines = text.splitlines(keepends=True)
    middle = next(number for number, line in enumerate(lines) if number > 5 and line.startswith('{"id": '))
    if damage == "cut in a line":
        return text[: len(text) // 2]
    if damage == "cut after an interaction":
        return "".join(lines[:middle])
    if damage == "without its footer":
        return "".join(lines[:-1])
    if damage == "an interaction short":
        end = next(number for number in range(middle + 1, len(lines)) if lines[number].startswith('{"id": '))
        return "".join(lines[:middle] + lines[end:])
    if damage == "a conflict":
        at = next(number for number, line in enumerate(lines) if '"asks"' in line)
        new = lines[at].replace("Say", "Ask").rstrip("\n")
        return "".join([*lines[:at], CONFLICT.format(old=lines[at].rstrip("\n"), new=new), *lines[at + 1 :]])
    return {"empty": "", "not JSON": "hello", "a list": "[]", "other JSON": '{"version": 1}'}[damage]


DAMAGES = [
    "cut in a line", "cut after an interaction", "without its footer", "an interaction short",     "a conflict", "empty", "not JSON", "a list", "other JSON",
]  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGES)
def test_R56_a_broken_cassette_is_refused_with_file_and_place_in_every_mode(provider, taped, damage, ask_sdk):
    broken = damaged(taped.read_text(), damage)
    assert broken != taped.read_text()
    taped.write_text(broken)
    for mode in MODES:
        with pytest.raises(CassetteCorrupt) as caught:
            with tokentape.use_cassette(taped, mode=mode):
                for number in range(3):
                    ask_sdk(f"Say {number}.")
        assert str(taped) in str(caught.value)
        assert "\n" not in str(caught.value)
        assert caught.value.fix
        assert taped.read_text() == broken
        assert os.listdir(taped.parent) == ["tape.json"]
    assert provider.count == 3
    if damage == "a conflict":
        assert "line " in caught.value.place


@pytest.mark.parametrize("mode", [mode for mode in MODES if mode != "all"])
def test_R56_one_broken_interaction_is_refused_when_it_is_asked_for(provider, taped, mode, ask_sdk):
    """The others still play; mode `all` asks for none, and replaces them all as it was told to."""
    broken = taped.read_text().replace('"request": {', '"request": ', 1)
    taped.write_text(broken)
    with pytest.raises(CassetteCorrupt) as caught:
        with tokentape.use_cassette(taped, mode=mode):
            with pytest.raises(Exception, match="not JSON"):
                ask_sdk("Say 0.")
            assert "Say 1." in ask_sdk("Say 1.")
    assert caught.value.place == "line 6"
    assert taped.read_text() == broken
    assert provider.count == 3


def test_conflict_markers_are_called_by_their_name(taped):
    taped.write_text(damaged(taped.read_text(), "a conflict"))
    with pytest.raises(CassetteCorrupt, match="conflict"), tokentape.use_cassette(taped):
        pass


@pytest.mark.parametrize("mode", MODES)
def test_a_newer_cassette_is_refused_and_kept(taped, mode):
    newer = taped.read_text().replace('{"tokentape": 1', '{"tokentape": 99', 1)
    taped.write_text(newer)
    with pytest.raises(tokentape.TokentapeError, match=r"tape\.json.*99"):
        with tokentape.use_cassette(taped, mode=mode):
            pass
    assert taped.read_text() == newer


@pytest.fixture
def ask_sdk(provider):
    openai = pytest.importorskip("openai")

    def ask(text):
        with openai.OpenAI(
            api_key="sk-not-a-key-000", base_url=f"{provider.url}/v1", max_retries=0
        ) as client:
            said = [{"role": "user", "content": text}]
            return client.chat.completions.create(model="m", messages=said).choices[0].message.content

    return ask
