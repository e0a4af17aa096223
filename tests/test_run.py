"""`tokentape run`: unmodified programs, their exit codes, their misses, and what is left when they die."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

import pytest

from run_programs import HAS_HTTP, Runs

posix = pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
pytestmark = pytest.mark.skipif(not HAS_HTTP, reason="programs need httpx2 or httpx")


@pytest.fixture
def run(provider, outside):
    return Runs(provider, outside)


TWO = "for text in sys.argv[1:] or ['One.', 'Two.']: show(text)\n"


def test_a_program_is_recorded_and_replays_without_the_provider(run, provider):
    live = run.python(TWO)
    assert run.asks() == ["One.", "Two."]
    provider.stop()
    assert run.python(TWO, mode="none") == live
    report = "tape.json: mode once, processes: 1; 2 replayed, 0 recorded, 0 missed, 0 unused"
    run.python(TWO, options=["--report"], stderr=report)
    assert provider.count == 2


def test_the_address_of_a_store_and_the_environment_name_the_cassette(run, provider):
    live = run.python(TWO, tape="sqlite:tapes.db#app")
    provider.stop()
    assert run.python(TWO, tape="sqlite:tapes.db#app", mode="none") == live
    command = [*run.command()[:4], "--", sys.executable, "app.py"]
    assert "--cassette" not in command
    env = {**run.environment, "TOKENTAPE_CASSETTE": "sqlite:tapes.db#app"}
    done = subprocess.run(command, capture_output=True, text=True, env=env, cwd=run.folder, check=True)
    assert done.stdout.splitlines() == live


def test_a_miss_is_told_when_it_happens_and_fails_the_run(run):
    run.python(TWO)
    waits = "print(ask('Three.'), flush=True)\nsys.stdin.readline()\nprint('went on')\n"
    with run.started(sys.executable, run.app(waits)) as process:
        assert process.stdout.readline() == "error\n"
        told = process.stderr.readline()
        assert "tokentape: ReplayMiss: No recording in tape.json fits this request" in told
        assert process.poll() is None
        process.stdin.write("\n")
        process.stdin.flush()
        assert process.stdout.readline() == "went on\n"
        rest = process.stderr.read()
        assert process.wait() == 1
    assert "tokentape run --cassette tape.json --mode" in rest
    assert "ReplayMiss" not in rest
    assert run.asks() == ["One.", "Two."]


def test_each_miss_is_told_once(run):
    run.python(TWO)
    done = subprocess.run(
        run.command(sys.executable, run.app("for n in range(3): ask('Three.'); ask('Four.')")),
        capture_output=True, text=True, env=run.environment, cwd=run.folder, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr.count("ReplayMiss")) == (1, 2)


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("sys.exit(3)", 3),
        ("1 / 0", 1),
        pytest.param("os.kill(os.getpid(), 9)", 137, marks=posix),
        pytest.param("os.kill(os.getpid(), signal.SIGTERM)", 143, marks=posix),
    ],
)
def test_a_program_that_fails_keeps_its_code_and_its_calls(run, source, code):
    run.python(f"ask('One.')\n{source}\n", code=code, stderr=None)
    assert run.asks(finished=False) == ["One."]


def test_once_goes_on_where_a_program_failed(run, provider):
    run.python("ask('One.')\nsys.exit(1)", code=1)
    run.python("ask('One.'); ask('Two.')")
    assert run.asks() == ["One.", "Two."]
    assert provider.count == 2


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("atexit.register(ask, 'At exit.')", ["At exit."]),
        ("threading.Thread(target=ask, args=('In a thread.',)).start()", ["In a thread."]),
        (
            "thread = threading.Thread(target=lambda: (ask('One.'), time.sleep(60)), daemon=True)\nthread.start()\n"
            "while not os.path.exists('tape.json') and not [f for f in os.listdir() if f.endswith('journal')]:"
            " time.sleep(0.01)",
            ["One."],
        ),
        ("ask('One.')\nos._exit(0)", ["One."]),
        ("ask('One.')\nos.execv(sys.executable, [sys.executable, '-c', 'from asking import *; ask(\"Two.\")'])",
         ["One.", "Two."]),
    ],
    ids=["atexit", "thread", "daemon", "_exit", "exec"],
)  # fmt: skip
def test_whatever_way_it_ends_its_calls_are_there(run, source, expected):
    run.python(source)
    assert run.asks() == expected
    assert sorted(name for name in os.listdir(run.folder) if "tape" in name) == ["tape.json"]


# ---- signals and deaths


@posix
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_signals_go_to_the_program(run, number, code):
    with run.started(
        sys.executable, run.app("ask('One.')\nprint('up', flush=True)\ntime.sleep(60)")
    ) as process:
        assert process.stdout.readline() == "up\n"
        process.send_signal(number)
        assert process.wait(60) == code
    assert run.asks(finished=False) == ["One."]


@posix
def test_a_program_may_handle_a_signal_and_end_well(run):
    source = """
def stop(number, frame):
    ask("On the way out.")
    sys.exit(0)
signal.signal(signal.SIGTERM, stop)
print("up", flush=True)
time.sleep(60)
"""
    with run.started(sys.executable, run.app(source)) as process:
        assert process.stdout.readline() == "up\n"
        process.terminate()
        assert process.wait(60) == 0
    assert run.asks() == ["On the way out."]


@posix
def test_ctrl_c_reaches_the_program_once(run):
    pty = pytest.importorskip("pty")
    source = """
times = []
signal.signal(signal.SIGINT, lambda number, frame: times.append(number))
print("up", flush=True)
while not times: time.sleep(0.01)
time.sleep(0.3)
print("interrupted", len(times), flush=True)
"""
    command = run.command(sys.executable, run.app(source))
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(run.folder)
        os.execve(command[0], command, run.environment)
    output = b""
    while b"interrupted" not in output:
        output += os.read(terminal, 1000)
        if output.endswith(b"up\r\n"):
            os.write(terminal, b"\x03")
    while b"\n" not in output.partition(b"interrupted")[2]:
        output += os.read(terminal, 1000)
    assert b"interrupted 1" in output
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    os.close(terminal)


@posix
def test_R50_a_program_killed_after_five_calls_leaves_five(run):
    run.python("for n in range(5): ask(f'Say {n}.')\nos.kill(os.getpid(), signal.SIGKILL)", code=137)
    assert run.asks(finished=False) == [f"Say {n}." for n in range(5)]


@posix
def test_R50_a_run_that_is_killed_itself_leaves_five(run, provider):
    source = "for n in range(5): ask(f'Say {n}.')\nprint(os.getpid(), flush=True)\ntime.sleep(60)"
    with run.started(sys.executable, run.app(source)) as process:
        program = int(process.stdout.readline())
        process.kill()
        process.wait()
        os.kill(program, signal.SIGKILL)
    provider.stop()
    five = "for n in range(5): ask(f'Say {n}.')"
    run.python(five, mode="none")
    assert run.asks(finished=False) == [f"Say {n}." for n in range(5)]


# ---- modes


def test_in_mode_none_a_missing_cassette_is_an_error_before_the_start(run):
    run.python(
        "print('started')", mode="none", code=2, stderr="tokentape: tape.json: there is no such cassette"
    )


def test_in_mode_none_nothing_goes_out(run):
    run.python(TWO)
    source = "import socket\ntry:\n    socket.create_connection(('192.0.2.1', 443), 1)\nexcept Exception as e: print(e)"
    [line] = run.python(source, mode="none", code=1, stderr="192.0.2.1")
    assert "192.0.2.1" in line


def test_all_keeps_the_old_cassette_until_a_run_succeeds(run):
    run.python("ask('Old.')")
    run.python("ask('New.')\nsys.exit(5)", mode="all", code=5, stderr="the old cassette stays")
    assert run.asks() == ["Old."]
    assert not list(run.folder.glob("*.journal"))
    run.python(
        "ask('New.')\nsubprocess.run([sys.executable, '-c', 'from asking import *; ask(\"Newer.\")'])",
        mode="all",
    )
    assert run.asks() == ["New.", "Newer."]


def test_refresh_drops_what_no_process_used(run):
    run.python("for n in range(4): ask(f'Say {n}.')")
    source = "ask('Say 1.')\nsubprocess.run([sys.executable, '-c', 'from asking import *; ask(\"Say 3.\"); ask(\"Say 5.\")'])"
    run.python(source, mode="refresh")
    assert run.asks() == ["Say 1.", "Say 3.", "Say 5."]


def test_off_does_nothing(run):
    assert run.python(TWO, mode="off", options=["--report"], stderr="mode off: nothing was recorded")
    assert not (run.folder / "tape.json").exists()


def test_the_mode_comes_from_the_environment_if_no_option_says_it(run):
    run.python(TWO, env={"TOKENTAPE_MODE": "none"}, code=2, stderr="no such cassette")
    run.python(TWO, env={"CI": "true"}, code=2, stderr="no such cassette")
    run.python(TWO, env={"TOKENTAPE_MODE": "none"}, mode="once")


def test_calls_of_models_are_recorded_unless_all_is_asked_for(run):
    run.python("http.get(os.environ['PROVIDER_URL'] + '/anything')", tape="llm.json")
    run.python(
        "http.get(os.environ['PROVIDER_URL'] + '/anything')",
        tape="all.json",
        options=["--record", "all"],
        stderr="404",
    )
    counts = [
        len(json.loads((run.folder / name).read_text())["interactions"]) for name in ("llm.json", "all.json")
    ]
    assert counts == [0, 1]


def test_a_recording_that_fails_fails_the_run_and_not_the_program(run):
    source = "os.rmdir('tapes') if os.path.isdir('tapes') else None\nopen('tapes', 'w').close()\nshow('One.')"
    (run.folder / "tapes").mkdir()
    live = run.python(source, tape="tapes/tape.json", code=1, stderr="a call was not recorded")
    assert live == ["Answer 1 to: One."]


def test_what_the_program_records_itself_is_its_own(run):
    source = """
import tokentape
tokentape.install("own.json")
ask("Own.")
tokentape.uninstall()
with tokentape.use_cassette("block.json"): ask("Block.")
ask("Outside.")
"""
    run.python(source)
    assert [run.asks(name) for name in ("own.json", "block.json", "tape.json")] == [
        ["Own."],
        ["Block."],
        ["Outside."],
    ]


# ---- wrong input


@pytest.mark.parametrize(
    ("program", "code", "line"),
    [
        (["no-such-program"], 127, "no-such-program: there is no such program"),
        (
            ["./script.py"],
            126,
            "./script.py: cannot be run: Permission denied; run it with: python ./script.py",
        ),
        (["./script.sh"], 126, "./script.sh: cannot be run: it is no program"),
        (
            ["true"],
            2,
            "no Python in which tokentape is installed took part in 'true' (-I, -E and -S keep it out, too)",
        ),
        ([sys.executable, "-I", "-c", ""], 2, "no Python in which tokentape is installed took part"),
    ],
)
@posix
def test_what_cannot_be_run_is_one_line(run, program, code, line):
    (run.folder / "script.py").write_text("")
    (run.folder / "script.sh").write_text("no interpreter")
    (run.folder / "script.sh").chmod(0o755)
    run(*program, code=code, stderr=line)
    assert not (run.folder / "tape.json").exists()


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ({"tape": "memory:"}, "a run needs a cassette that other processes can reach"),
        ({"tape": "tape.txt"}, "a cassette's file name ends in .json"),
        ({"mode": "sometimes"}, "unknown record mode 'sometimes'"),
        ({"options": ["--record", "some"]}, "record='some' is not known"),
    ],
)
def test_wrong_input_is_one_line_before_the_start(run, options, line):
    assert run.python("print('started')", code=2, stderr=line, **options) == []


def test_without_a_cassette_it_says_how(run):
    command = [*run.command()[:4], "--", sys.executable, "-c", ""]
    done = subprocess.run(command, capture_output=True, text=True, env=run.environment, check=False)
    assert done.returncode == 2
    assert done.stderr == "tokentape: name a cassette: tokentape run --cassette FILE.json -- python app.py\n"


def test_verify_gives_the_recordings_and_tells_what_differs_in_any_process(run, provider):
    pytest.importorskip("rapidfuzz")
    apart = "show('One.')\nsubprocess.run([sys.executable, '-c', 'from asking import *; show(\"Two.\")'], check=True)"
    provider.answers("The first.")
    provider.answers("The second.")
    live = run.python(apart)
    provider.answers("The first.")
    provider.answers("Nobody knows for sure.")
    done = subprocess.run(
        run.command(sys.executable, run.app(apart), mode="verify"),
        capture_output=True, text=True, env=run.environment, cwd=run.folder, check=False,
    )  # fmt: skip
    assert (done.stdout.splitlines(), done.returncode) == (live, 1)
    assert done.stderr.count("LiveReplyDiffers: tape.json: recording ") == 1
    assert 'live:     "nobody knows for sure."' in done.stderr
    assert done.stderr.endswith("tokentape: 2 calls verified live, 1 differs\n")
