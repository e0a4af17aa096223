"""Corners that a second look at the core found: each is a way in which a call was once treated wrongly."""

from __future__ import annotations

import asyncio
import json
import threading

import pytest

import tokentape

httpx = pytest.importorskip("httpx2")
pytestmark = pytest.mark.usefixtures("outside")

KEY = "sk-proj-Qm3xT8vLr2Zp9KdWc5Ny7HbJ"


def asks(path):
    return [entry["asks"] for entry in json.loads(path.read_text())["interactions"]]


def post(provider, text, key=KEY, query=""):
    body = {"model": "m", "messages": [{"role": "user", "content": text}]}
    headers = {"authorization": f"Bearer {key}"} if key else {}
    return httpx.post(f"{provider.url}/v1/chat/completions{query}", json=body, headers=headers)


OPAQUE = "Hq7ZtW2mXc9LbN4vRk8sYp3D"


def test_R51_a_request_that_mentions_the_credential_of_another_call_replays(outside, provider):
    def calls():
        post(provider, "One.", key=OPAQUE)
        return post(provider, f"My key is {OPAQUE}.", key=None).json()["id"]

    with tokentape.use_cassette("tape.json"):
        live = calls()
    assert OPAQUE not in (outside / "tape.json").read_text()
    provider.stop()
    with tokentape.use_cassette("tape.json", mode="none"):
        assert calls() == live


def test_siblings_that_do_not_take_a_call_do_not_make_it_ambiguous(outside, provider):
    async def block(name, both):
        async with tokentape.use_cassette(f"{name}.json", record="llm"):
            await both.wait()
            done = []
            thread = threading.Thread(
                target=lambda: done.append(httpx.get(f"{provider.url}/metrics").status_code)
            )
            thread.start()
            thread.join()
            await both.wait()
            return done

    async def both():
        barrier = asyncio.Barrier(2)
        return await asyncio.gather(block("a", barrier), block("b", barrier))

    assert asyncio.run(both()) == [[404], [404]]


def test_predicates_count_for_known_calls_too(outside, provider):
    class Nothing(tokentape.Predicates):
        def is_llm_call(self, request):
            return False

    with tokentape.use_cassette("tape.json"):
        post(provider, "One.")
    with tokentape.use_cassette("tape.json", record=Nothing()) as deck:
        post(provider, "One.")
    assert deck.tally.replayed == 0
    assert provider.count == 2


def test_one_block_object_in_two_tasks(outside, provider):
    block = tokentape.use_cassette("tape.json", mode="new_episodes")

    async def work(name, started, go_on):
        async with block:
            started.set()
            await go_on.wait()
            await asyncio.to_thread(post, provider, name)

    async def both():
        one, two = asyncio.Event(), asyncio.Event()
        await asyncio.gather(work("One.", one, two), work("Two.", two, one))

    asyncio.run(both())
    assert sorted(asks(outside / "tape.json")) == ["One.", "Two."]


def test_a_task_made_in_a_decorated_generator_stays_inside_between_the_steps(outside, provider):
    @tokentape.use_cassette("tape.json")
    async def work():
        go_on = asyncio.Event()

        async def later():
            await go_on.wait()
            return await asyncio.to_thread(post, provider, "One.")

        task = asyncio.create_task(later())
        yield go_on
        await task

    async def run():
        async for go_on in work():
            go_on.set()
            await asyncio.sleep(0.05)

    asyncio.run(run())
    assert asks(outside / "tape.json") == ["One."]


def test_a_reply_read_after_the_block_joins_the_finished_cassette(outside, provider):
    with httpx.Client() as client:
        body = {"model": "m", "messages": [{"role": "user", "content": "One."}], "stream": True}
        request = client.build_request("POST", f"{provider.url}/v1/chat/completions", json=body)
        with tokentape.use_cassette("tape.json"):
            reply = client.send(request, stream=True)
        reply.read()
        reply.close()
    document = json.loads((outside / "tape.json").read_text())
    assert document["finished"] is True
    assert [entry["ended"]["how"] for entry in document["interactions"]] == ["eof"]
    assert [path.name for path in outside.iterdir() if path.suffix == ".journal"] == []


def test_errors_do_not_quote_the_query(outside, provider):
    def siblings_call(name, both):
        with tokentape.use_cassette(f"{name}.json"):
            both.wait()
            done = []
            thread = threading.Thread(
                target=lambda: done.append(post(provider, "x", query=f"?key={KEY}").text)
            )
            thread.start()
            thread.join()
            both.wait()
            said.extend(done)

    said, errors, barrier = [], [], threading.Barrier(2)

    def run(name):
        try:
            siblings_call(name, barrier)
        except tokentape.TokentapeError as error:
            errors.append(str(error))

    threads = [threading.Thread(target=run, args=(name,)) for name in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(errors) == 2
    assert KEY not in "".join([*said, *errors])


def test_the_log_does_not_quote_exceptions_of_foreign_code(outside, provider, caplog):
    def broken(interaction):
        raise ValueError(f"cannot handle {KEY}")

    with pytest.warns(tokentape.errors.TokentapeWarning):
        with tokentape.use_cassette("tape.json", before_record=broken):
            post(provider, "One.")
    assert KEY not in caplog.text


def test_import_redacts_as_the_project_says(outside):
    pytest.importorskip("yaml")
    (outside / "pyproject.toml").write_text('[tool.tokentape]\nfilter_headers = ["x-team"]\n')
    (outside / "old.yaml").write_text(
        "version: 1\ninteractions:\n- request:\n    method: GET\n    uri: https://example.com/\n    body: null\n"
        "    headers: {x-team: [blue-whale]}\n  response:\n    status: {code: 200, message: OK}\n    headers: {}\n"
        "    body: {string: hello}\n"
    )
    from click.testing import CliRunner

    from tokentape.cli.main import tokentape as group

    done = CliRunner().invoke(group, ["import", "old.yaml", "new.json"])
    assert done.exit_code == 0, done.output
    assert "blue-whale" not in (outside / "new.json").read_text()
