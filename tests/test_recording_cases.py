"""The numbered cases of what a recorder gets wrong: every one that must hold has a test by its number.

`MUST` are the cases of the first priority. A test names its case in its name: `test_R47_...`.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
CONTRACTS = Path(__file__).parents[1] / "src" / "tokentape" / "testing" / "contracts"

MUST = {
    "R00": "requests: a JSON call with stream=True replays as JSON",
    "R01": "a live stream is not read ahead",
    "R02": "a stream is recorded completely",
    "R03": "a stream replays the same events, text and usage through the SDKs",
    "R04": "a buffered recording serves a streaming request, and the reverse",
    "R05": "what streams is told by the body, not by a header",
    "R06": "bodies left unread stay readable",
    "R07": "the settings of the client and its transport survive",
    "R08": "close reaches the transport, once",
    "R09": "aiohttp: base_url and a relative path",
    "R10": "import and install with no HTTP library",
    "R11": "install twice, uninstall, originals back, predicates that change",
    "R12": "as many calls as made are recorded, whichever version of the SDK",
    "R13": "a client made before activation",
    "R14": "a miss reaches the user, after one attempt",
    "R15": "a miss moves nothing",
    "R16": "a store that fails never sends a replay live, nor breaks a recording",
    "R17": "errors with status and headers, the SDK's own exception",
    "R18": "concurrent calls reach their callers, equal calls keep their order",
    "R19": "threads, executors and new loops join",
    "R21": "aiohttp: everything on the response works",
    "R24": "a fixed key is the identity; the order of arguments is no difference",
    "R26": "nowhere to record: nothing changes, and it is said once",
    "R27": "stacked libraries record once",
    "R30": "header fields are scrubbed",
    "R31": "keys are redacted, JSON stays valid, hashes stay",
    "R32": "forks: numbering",
    "R33": "forks: own steps win over inherited ones",
    "R35": "forks: a run again starts at step 1",
    "R38": "tool arguments in streams go to the tool",
    "R43": "doctor says what is patched",
    "R45": "tests meet real servers and SDKs",
    "R46": "completeness is judged by the last event of the dialect",
    "R47": "cut, reset, left early: stored and replayed as that",
    "R48": "calls that differ in meaning have different keys",
    "R49": "equal calls at once, tasks with cassettes of their own, one call too many",
    "R50": "kill -9, and two processes at once",
    "R51": "secrets leave no trace, matching is unharmed",
    "R52": "while recording, the caller gets what an unrecorded call gives",
    "R53": "50 MB, and many calls",
    "R54": "random boundaries, AWS event streams",
    "R55": "gzip, br, zstd through every client",
    "R56": "a damaged cassette is refused and stays as it is",
}

SESSIONS = {"R32", "R33", "R35"}
"""Ordered runs and their forks come with sessions, on top of cassettes."""

LATER = SESSIONS
NOW = sorted(set(MUST) - LATER)


def functions(folder):
    """(file, name) of every test function below `folder`."""
    for path in sorted(folder.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
                yield path.name, node.name


NAMED = [(file, name) for folder in (TESTS, CONTRACTS) for file, name in functions(folder)]
NUMBERS = {number for _, name in NAMED for number in re.findall(r"R\d\d(?=_)", name)}


@pytest.mark.parametrize("number", NOW)
def test_every_case_that_must_hold_has_a_test(number):
    assert number in NUMBERS, f"{number} ({MUST[number]}) has no test of that number"


@pytest.mark.parametrize("number", sorted(LATER))
def test_what_comes_later_is_not_here_yet(number):
    """Once it has a test it belongs among the others: take it out of its set."""
    assert number in MUST
    assert number not in NUMBERS


def test_no_test_names_a_case_that_does_not_exist():
    assert {number for number in NUMBERS if int(number[1:]) > 56} == set()


MADE_UP = re.compile(r"MockTransport\(|\brespx\b|@responses\.|unittest\.mock")
IN_PROCESS = {"interceptors/test_httpx.py", "coexistence/test_mocks.py"}
"""Where the rules for what answers in the process are themselves tested: transports, other tools' mocks."""


def test_R45_replies_in_tests_come_from_a_server():
    """A reply made up in the client's own process hides what the wire does."""
    others = [path for path in sorted(TESTS.rglob("*.py")) if path != Path(__file__)]
    found = {
        path.relative_to(TESTS).as_posix()
        for path in others
        if MADE_UP.search(path.read_text(encoding="utf-8"))
    }
    assert found == IN_PROCESS
