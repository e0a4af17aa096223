"""`tokentape run`: every Python process that the program starts, and none that it should leave alone."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from run_programs import HAS_HTTP, Runs
from tokentape.launching.running import SITE

posix = pytest.mark.skipif(sys.platform == "win32", reason="fork and shells")
pytestmark = pytest.mark.skipif(not HAS_HTTP, reason="programs need httpx2 or httpx")


@pytest.fixture
def run(provider, outside):
    return Runs(provider, outside)


POOL = """
if __name__ == "__main__":
    context = multiprocessing.get_context({method!r})
    with ProcessPoolExecutor(2, mp_context=context) as pool:
        list(pool.map(show, ["Say 0.", "Say 1.", "Say 2."]))
"""
WAYS = {
    "started": """
subprocess.run([sys.executable, "asking.py", "Say 0."], check=True)
subprocess.run(f"{sys.executable} asking.py 'Say 1.' & wait", shell=True, check=True)
code = "import subprocess, sys; subprocess.run([sys.executable, 'asking.py', 'Say 2.'])"
subprocess.run([sys.executable, "-c", code], check=True)
""",
    "forked": """
if os.fork() == 0:
    show("Say 0.")
    os._exit(0)
if os.fork() == 0: os.execv(sys.executable, [sys.executable, "asking.py", "Say 1.", "Say 2."])
os.wait(), os.wait()
""",
    "fork": POOL.format(method="fork"),
    "spawn": POOL.format(method="spawn"),
    "forkserver": POOL.format(method="forkserver"),
}


@posix
@pytest.mark.parametrize("way", WAYS)
def test_children_record_to_one_cassette_and_replay_from_it(run, provider, way):
    with open(run.folder / "asking.py", "a") as file:
        file.write("\nif __name__ == '__main__':\n    for text in sys.argv[1:]: show(text)\n")
    live = sorted(run.python(WAYS[way]))
    assert live == [f"Answer 1 to: Say {n}." for n in range(3)]
    assert run.asks() == ["Say 0.", "Say 1.", "Say 2."]
    assert sorted(name for name in os.listdir(run.folder) if "tape" in name) == ["tape.json"]
    provider.stop()
    assert sorted(run.python(WAYS[way], mode="none")) == live


@posix
@pytest.mark.parametrize("tape", ["tape.json", "sqlite:tapes.db#tape"])
def test_30_equal_calls_of_3_processes_replay_as_the_same_multiset(run, provider, tape):
    source = """
if __name__ == "__main__":
    def ten(): os.write(1, "".join(ask("Again.") + "\\n" for n in range(10)).encode())
    child = subprocess.Popen([sys.executable, "-c", "from asking import *\\nfor n in range(10): show('Again.')"])
    if (forked := os.fork()) == 0:
        ten()
        os._exit(0)
    ten()
    os.waitpid(forked, 0)
    child.wait()
"""
    live = sorted(run.python(source, tape=tape))
    assert len(set(live)) == 30
    provider.stop()
    assert sorted(run.python(source, tape=tape, mode="none")) == live


@posix
def test_a_child_that_is_killed_loses_the_call_in_flight_only(run):
    source = """
code = "from asking import *\\nfor n in range(5): ask(f'Say {n}.')\\nos.kill(os.getpid(), 9)"
subprocess.run([sys.executable, "-c", code])
ask("Parent.")
"""
    run.python(source)
    assert run.asks() == ["Parent.", *(f"Say {n}." for n in range(5))]


def test_a_miss_of_a_grandchild_fails_the_run(run):
    run.python("ask('One.')")
    source = "subprocess.run([sys.executable, '-c', 'from asking import *; ask(\"Two.\")'], stderr=subprocess.DEVNULL)"
    run.python(source, code=1, stderr="ReplayMiss: No recording in tape.json fits")


def test_modules_scripts_and_pytest(run):
    (run.folder / "pkg").mkdir()
    (run.folder / "pkg" / "__main__.py").write_text("from asking import *\nshow('As a module.')\n")
    assert run(sys.executable, "-m", "pkg", tape="module.json") == ["Answer 1 to: As a module."]
    (run.folder / "test_it.py").write_text(
        "from asking import ask\ndef test_it(): assert ask('A test.') != 'error'\n"
    )
    pytest_script = Path(sys.executable).with_name("pytest")
    program = [pytest_script] if pytest_script.exists() else [sys.executable, "-m", "pytest"]
    arguments = ["-q", "-p", "no:cacheprovider", "-p", "no:asyncio", "test_it.py"]
    assert "1 passed" in run(*program, *arguments, tape="tests.json")[-1]
    assert run.asks("tests.json") == ["A test."]


def test_two_xdist_workers_on_the_cassette_of_a_file_lose_nothing(pytester, provider):
    pytest.importorskip("xdist")
    http = "httpx2" if find_spec("httpx2") else "httpx"
    pytester.makepyfile(
        f"""
        import pytest, {http} as http

        pytestmark = pytest.mark.tokentape("shared.json")

        @pytest.mark.parametrize("number", range(6))
        def test_one(number):
            said = [{{"role": "user", "content": f"Say {{number}}."}}]
            reply = http.post("{provider.url}/v1/chat/completions", json={{"model": "m", "messages": said}})
            assert reply.status_code == 200
        """
    )
    result = pytester.runpytest_subprocess("-n", "2", "-p", "no:asyncio", "--tokentape-mode=new_episodes")
    result.assert_outcomes(passed=6)
    tape = json.loads((pytester.path / "shared.json").read_text())
    assert sorted(entry["asks"] for entry in tape["interactions"]) == [f"Say {n}." for n in range(6)]


# ---- what stays as it is


def test_the_users_own_sitecustomize_runs(run):
    mine = run.folder / "mine"
    mine.mkdir()
    (mine / "sitecustomize.py").write_text("import sys\nsys.mine = __file__\n")
    source = "import sitecustomize\nprint(sys.mine == sitecustomize.__file__, ask('One.') != 'error')"
    assert run.python(source, env={"PYTHONPATH": str(mine)}) == ["True True"]


def test_a_sitecustomize_that_fails_fails_as_it_always_does(run):
    mine = run.folder / "mine"
    mine.mkdir()
    (mine / "sitecustomize.py").write_text("1 / 0")
    run.python("ask('One.')", env={"PYTHONPATH": str(mine)}, stderr="Error in sitecustomize")
    assert run.asks() == ["One."]


def test_the_program_sees_no_difference_in_its_path_and_arguments(run):
    source = "print(json.dumps([sys.path, sys.argv, sys.flags.safe_path, 'click' in sys.modules]))"
    path = run.app(source)
    plain = subprocess.run(
        [sys.executable, str(path), "--mode", "x"],
        capture_output=True, text=True, env=run.environment, cwd=run.folder, check=True,
    )  # fmt: skip
    assert run(sys.executable, path, "--mode", "x") == plain.stdout.splitlines()


def test_the_environment_carries_a_place_and_no_secret(run):
    (run.folder / "pyproject.toml").write_text(
        '[tool.tokentape]\nredact = ["hunter2"]\nfilter_headers = ["x-mine"]\n'
    )
    source = "print(json.dumps(dict(os.environ)))\nask('hunter2')"
    [line] = run.python(source, env={"OPENAI_API_KEY": "sk-mine"})
    seen = json.loads(line)
    added = {name for name in seen if seen[name] != run.environment.get(name)} - {
        "OPENAI_API_KEY",
        "LC_CTYPE",
    }
    assert added == {"PYTHONPATH", "TOKENTAPE_RUN"}
    assert seen["PYTHONPATH"].split(os.pathsep)[0] == SITE
    assert not os.path.exists(seen["TOKENTAPE_RUN"].partition(":")[2])
    assert "hunter2" not in seen["TOKENTAPE_RUN"] + (run.folder / "tape.json").read_text()


def test_the_settings_of_the_run_count_wherever_a_child_is(run, provider):
    inner = run.folder / "inner"
    inner.mkdir()
    (run.folder / "pyproject.toml").write_text('[tool.tokentape]\nignore = ["messages"]\n')
    (inner / "pyproject.toml").write_text('[tool.tokentape]\nerrors = "refuse"\nmatch_on = "exact"\n')
    source = """
os.chdir("inner")
code = "import sys; sys.path.insert(0, '..'); from asking import *; show(sys.argv[1])"
subprocess.run([sys.executable, "-c", code, sys.argv[1]], check=True)
"""
    live = run.python(source, "One.")
    provider.stop()
    assert run.python(source, "Two.", mode="none") == live
    assert sorted(path.name for path in run.folder.rglob("*.json")) == ["tape.json"]


@posix
def test_pythons_that_cannot_take_part_are_left_alone(run):
    """Isolated ones, one without tokentape, and foreign ones where the machine has any."""
    site = run.folder / "empty"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", site], check=True)
    others = [
        [site / "bin" / "python"],
        [sys.executable, "-I"],
        [sys.executable, "-S"],
        [sys.executable, "-E"],
    ]
    for name in ("python3.8", "python3.9", "python3.10", "python2", "pypy3"):
        found = shutil.which(name)
        works = found and subprocess.run([found, "-c", ""], capture_output=True, check=False).returncode == 0
        others += [[found]] if works else []
    calls = "\n".join(f"subprocess.run({list(map(str, other))} + ['-c', 'print(1)'])" for other in others)
    assert run.python(calls) == ["1"] * len(others)


@pytest.mark.parametrize(("kind", "code", "ran"), [("replay", 2, ""), ("record", 0, "ran\n")])
def test_a_process_whose_run_has_ended_says_so_and_in_replay_sends_nothing(run, tmp_path, kind, code, ran):
    env = {**run.environment, "PYTHONPATH": SITE, "TOKENTAPE_RUN": f"{kind}:{tmp_path / 'gone'}"}
    done = subprocess.run(
        [sys.executable, "-c", "print('ran')"], capture_output=True, text=True, env=env, check=False
    )
    assert (done.returncode, done.stdout) == (code, ran)
    assert "cannot take part in tokentape run: the run that started it has ended" in done.stderr


def test_without_a_run_the_site_does_nothing(run):
    env = {**run.environment, "PYTHONPATH": SITE}
    code = "import sys; print('tokentape.deck' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env, check=True)
    assert (done.stdout, done.stderr) == ("False\n", "")


@posix
def test_a_process_that_outlives_the_run_still_saves(run):
    source = """
code = '''from asking import *
ask("Before.")
open("asked", "w").close()
while not os.path.exists("ended"): time.sleep(0.01)
'''
subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
while not os.path.exists("asked"): time.sleep(0.01)
ask("Program.")
"""
    run.python(source)
    assert run.asks() == ["Program."]
    (run.folder / "ended").touch()
    for _ in range(400):
        if len(run.asks()) == 2:
            break
        subprocess.run([sys.executable, "-c", "import time; time.sleep(0.05)"], check=True)
    assert run.asks() == ["Before.", "Program."]


def test_the_report_counts_what_killed_processes_did(run):
    kill = "from asking import *\nfor i in range(3): show(str(i))\nos.kill(os.getpid(), signal.SIGKILL)"
    command = run.command(sys.executable, "-c", kill, options=["--report"])
    for mode, expected in (("once", "0 replayed, 3 recorded, 0 missed"), ("none", "3 replayed, 0 recorded")):
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            env={**run.environment, "TOKENTAPE_MODE": mode},
            cwd=run.folder,
        )
        assert done.returncode == 137
        assert expected in done.stderr
