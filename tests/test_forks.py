"""Forked children take part in the cassette of the block, whoever forks: os, multiprocessing, an executor."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

import tokentape
from tokentape.errors import ReplayMiss

pytestmark = [
    pytest.mark.usefixtures("outside"),
    pytest.mark.skipif(not hasattr(os, "fork"), reason="forks"),
]

PRELUDE = """
import json, multiprocessing, os, sys, threading, time, urllib.request
from concurrent.futures import ProcessPoolExecutor
import tokentape
from tokentape.errors import TokentapeError
url, mode, tape = sys.argv[1:4]
try:
    import httpx2 as http
except ImportError:
    import httpx as http
def ask(text):
    body = {"model": "m", "messages": [{"role": "user", "content": text}]}
    reply = http.post(url + "/v1/chat/completions", json=body).json()
    return reply["choices"][0]["message"]["content"] if "choices" in reply else "error"
def fork(work, *args):
    child = os.fork()
    if child == 0:
        try:
            work(*args)
        finally:
            os._exit(0)
    return child
"""


@pytest.fixture
def run(provider):
    """Run code in a process of its own; what it printed."""
    if not any(map(__import__("importlib.util").util.find_spec, ("httpx2", "httpx"))):
        pytest.skip("needs httpx2 or httpx")

    def run(code, mode="once", tape="tape.json"):
        command = [sys.executable, "-W", "error", "-c", PRELUDE + code, provider.url, mode, tape]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.split("\n")[:-1]

    return run


def asks(path="tape.json"):
    with open(path) as file:
        tape = json.load(file)
    assert tape["finished"]
    return sorted(entry["asks"] for entry in tape["interactions"])


WAYS = {
    "os": """
        for number in range(3):
            os.waitpid(fork(ask, f"Say {number}."), 0)
""",
    "process": """
        context = multiprocessing.get_context("fork")
        children = [context.Process(target=ask, args=(f"Say {n}.",)) for n in range(3)]
        for child in children: child.start()
        for child in children: child.join()
""",
    "executor": """
        with ProcessPoolExecutor(3, mp_context=multiprocessing.get_context("fork")) as pool:
            list(pool.map(ask, [f"Say {n}." for n in range(3)]))
""",
    "pool": """
        with multiprocessing.get_context("fork").Pool(2) as pool:  # ends its workers with SIGTERM
            pool.map(ask, [f"Say {n}." for n in range(3)])
""",
}


@pytest.mark.parametrize(
    ("way", "mode"),
    [
        *((way, "once") for way in WAYS),
        ("process", "all"),
        ("os", "all"),
        ("process", "refresh"),
        ("pool", "all"),
    ],
)
def test_what_children_record_is_there_and_replays(run, provider, way, mode):
    block = f"""
    with tokentape.use_cassette(tape, mode=mode) as deck:
        ask("Before.")
{WAYS[way]}
        ask("After.")
    print(deck.tally.missed, deck.unused, deck.troubles)
"""
    code = f"if __name__ == '__main__':\n{block}"
    expected = sorted(["Before.", "Say 0.", "Say 1.", "Say 2.", "After."])
    if mode in ("all", "refresh"):
        run("with tokentape.use_cassette(tape): ask('Old.')")
    run(code, mode)
    assert asks() == expected
    assert os.listdir() == ["tape.json"]
    provider.stop()
    assert run(code, "none") == ["0 [] ()"]


EQUAL = """
def ten():
    said = [ask("Again.") for _ in range(10)]
    os.write(1, "".join(line + "\\n" for line in said).encode())
with tokentape.use_cassette(tape, mode=mode) as deck:
    children = [fork(ten) for _ in range(2)]
    ten()
    for child in children: os.waitpid(child, 0)
assert deck.unused == [] or mode == "once", deck.unused
"""


@pytest.mark.parametrize("tape", ["tape.json", "sqlite:tapes.db#tape"])
def test_30_equal_calls_of_3_processes_replay_as_the_same_multiset(run, provider, tape):
    live = sorted(run(EQUAL, tape=tape))
    assert len(live) == len(set(live)) == 30
    provider.stop()
    assert sorted(run(EQUAL, "none", tape)) == live


def test_a_child_whose_block_ends_after_the_parents_saves_its_own(run):
    for mode in ("once", "all"):
        run(
            """
from pathlib import Path
gate = os.pipe()
with tokentape.use_cassette(tape, mode=mode):
    ask("Parent.")
    context = multiprocessing.get_context("fork")
    def late():
        ask("Child.")
        os.read(gate[0], 1)
    child = context.Process(target=late)
    child.start()
    while not list(Path().glob("*.journal")) or len(list(Path().glob("*.journal"))) < 2: time.sleep(0.01)
os.write(gate[1], b"x")
child.join()
""",
            mode,
        )
        assert asks() == ["Child.", "Parent."]
        assert os.listdir() == ["tape.json"]


def test_a_miss_that_a_child_swallows_is_the_parents(run):
    run("with tokentape.use_cassette(tape): ask('Known.')")
    said = run(
        """
try:
    with tokentape.use_cassette(tape, mode="none") as deck:
        os.waitpid(fork(ask, "Unknown."), 0)
        assert len(deck.errors) == 1
except tokentape.ReplayMiss as miss:
    print("unknown" in str(miss).lower())
    print(deck.tally.replayed)
"""
    )
    assert said == ["True", "0"]


def test_a_miss_of_a_child_that_outlives_the_block_is_said_by_the_child(run, outside):
    run("with tokentape.use_cassette(tape): ask('Known.')")
    said = run(
        """
import warnings
warnings.simplefilter("always")
gate = os.pipe()
def late():
    os.read(gate[0], 1)
    os.dup2(1, 2)
    ask("Unknown.")
with tokentape.use_cassette(tape, mode="none"):
    child = multiprocessing.get_context("fork").Process(target=late)
    child.start()
os.write(gate[1], b"x")
child.join()
"""
    )
    assert "No recording in tape.json fits this request" in said[0]


def test_a_deck_that_is_never_closed_leaves_no_folder(run, tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    run("tokentape.use_cassette('other.json').__enter__()\nos.waitpid(fork(ask, 'One.'), 0)")
    assert not list(tmp_path.glob("tokentape-*"))


def test_what_children_did_is_counted(run):
    assert run(
        """
with tokentape.use_cassette(tape) as deck:
    ask("One.")
    child = multiprocessing.get_context("fork").Process(target=ask, args=("Two.",))
    child.start()
    child.join()
print(deck.tally.recorded)
"""
    ) == ["2"]


def test_a_child_is_not_troubled_by_what_the_parent_has_in_hand(run, provider):
    """A stream that is being read, a miss that is latched, and locks that another thread holds."""
    provider.delay_by(lambda seen: 0.2 if b"Slow." in seen.body else 0)
    said = run(
        """
def child():
    import gc
    ask("Child.")
    global reply
    del reply
    gc.collect()
with tokentape.use_cassette(tape, mode=mode) as deck:
    ask("First.")  # a thread that imports while another forks leaves a lock to the child that nobody gives back
    body = {"model": "m", "stream": True, "messages": [{"role": "user", "content": "Stream."}]}
    client = http.Client()
    with client.stream("POST", url + "/v1/chat/completions", json=body) as reply:
        pieces = reply.iter_bytes()
        next(pieces)
        slow = threading.Thread(target=ask, args=("Slow.",))
        slow.start()
        with deck._lock:
            os.waitpid(fork(child), 0)
        list(pieces)
    slow.join()
"""
    )
    assert said == []
    assert asks() == ["Child.", "First.", "Slow.", "Stream."]


def test_a_memory_store_says_that_it_cannot_take_them_in(run):
    said = run(
        """
import warnings
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    with tokentape.use_cassette("memory:", mode=mode) as deck:
        child = multiprocessing.get_context("fork").Process(target=ask, args=("Two.",))
        child.start()
        child.join()
print(*(str(each.message) for each in caught))
"""
    )
    assert "a memory store cannot take them in; use a file" in said[0]


def test_nothing_is_left_in_the_temporary_folder(run, tmp_path, monkeypatch):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setenv("TMPDIR", str(scratch))
    run(EQUAL)
    run(EQUAL, "none")
    assert os.listdir(scratch) == []


def test_install_is_joined_too(run, provider):
    code = """
if __name__ == "__main__":
    tokentape.install(tape, mode=mode)
    children = [fork(ask, f"Say {n}.") for n in range(2)]
    if (child := os.fork()) == 0:
        ask("Say 2.")
        sys.exit()  # with atexit
    for each in [*children, child]: os.waitpid(each, 0)
"""
    run(code)
    assert asks() == ["Say 0.", "Say 1.", "Say 2."]
    provider.stop()
    run(code, "none")


def test_the_plugin_sees_the_misses_of_children(pytester, provider):
    pytest.importorskip("httpx")
    pytester.makepyfile(
        f"""
        import os, pytest, httpx

        def ask():
            body = {{"model": "m", "messages": [{{"role": "user", "content": "Hi."}}]}}
            httpx.post("{provider.url}/v1/chat/completions", json=body)

        @pytest.mark.tokentape
        def test_forks():
            if (child := os.fork()) == 0:
                ask()
                os._exit(0)
            os.waitpid(child, 0)
        """
    )
    assert pytester.runpytest_subprocess("-q", "-p", "no:asyncio").ret == 0
    provider.stop()
    for mode, code in (("none", 0),):
        result = pytester.runpytest_subprocess("-q", "-p", "no:asyncio", f"--tokentape-mode={mode}")
        assert result.ret == code, result.stdout.str()
    for tape in pytester.path.rglob("*.json"):
        tape.write_text(tape.read_text().replace("Hi.", "Ho."))
    result = pytester.runpytest_subprocess("-q", "-p", "no:asyncio", "--tokentape-mode=none")
    result.stdout.fnmatch_lines(["*ReplayMiss*"])
    assert result.ret == 1


def test_a_miss_crosses_processes_with_its_explanation(outside, ask):
    from tokentape.sharing import Shared

    with tokentape.use_cassette("a.json"):
        ask("One.")
    with pytest.raises(ReplayMiss) as caught, tokentape.use_cassette("a.json", mode="none"):
        ask("Two.")
    shared = Shared.made()
    shared.tell(caught.value)
    [told] = shared.news()
    assert shared.news() == []
    assert str(told.error) == str(caught.value)
    assert told.error.explanation == caught.value.explanation
    shared.remove()
    assert not shared.tell(caught.value)
    with shared.held() as is_open:
        assert not is_open
