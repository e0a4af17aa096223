"""Corners that a second look at the core found: each is a way in which a call was once treated wrongly."""

from __future__ import annotations

import asyncio
import json
import os
import threading
import warnings

import pytest

import tokentape
from tokentape import active
from tokentape.interceptors import registry
from tokentape.opening import open_deck, open_with
from tokentape.testing.provider import Cut, Framing, Script, SendHead, SendRaw, reply, silence

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


def stream(client, provider, text="One.", **more):
    body = {"model": "m", "messages": [{"role": "user", "content": text}], "stream": True}
    request = client.build_request("POST", f"{provider.url}/v1/chat/completions", json=body, **more)
    return client.send(request, stream=True)


def kept(folder, name="tape.json"):
    document = json.loads((folder / name).read_text())
    return [(entry["ended"]["how"], entry["reads_as"]) for entry in document["interactions"]]


def test_a_stream_that_nobody_closes_is_kept_when_the_block_ends(outside, provider):
    with httpx.Client() as client:
        with tokentape.use_cassette("tape.json") as deck:
            reply = stream(client, provider)
            chunks = reply.iter_raw()
            first = next(chunks)
        assert deck.tally.recorded == 1
        (entry,) = json.loads((outside / "tape.json").read_text())["interactions"]
        assert (entry["ended"]["how"], entry["ended"]["terminal"]) == ("closed_by_caller", False)
        assert entry["response"]["chunks"][0] == len(first)
        rest = b"".join(chunks)
    assert rest
    (entry,) = json.loads((outside / "tape.json").read_text())["interactions"]
    assert (entry["ended"]["how"], entry["ended"]["terminal"]) == ("eof", True)
    assert sum(entry["response"]["chunks"]) == len(first + rest)
    assert deck.tally.recorded == 1


def test_several_streams_left_open_are_each_replaced_by_what_was_read_on(outside, provider):
    with httpx.Client() as client:
        with tokentape.use_cassette("tape.json"):
            replies = [stream(client, provider, "Same.") for _ in range(3)]
        assert [how for how, _ in kept(outside)] == ["closed_by_caller"] * 3
        replies[1].read()
        assert sorted(how for how, _ in kept(outside)) == ["closed_by_caller", "closed_by_caller", "eof"]
        assert [how for how, _ in kept(outside)][1] == "eof"
        replies[0].close()
        replies[2].read()
    assert [how for how, _ in kept(outside)] == ["closed_by_caller", "eof", "eof"]
    assert [path.name for path in outside.iterdir() if path.suffix == ".journal"] == []


def test_a_stream_left_open_in_a_block_of_mode_all_that_failed_leaves_the_old_cassette(outside, provider):
    with tokentape.use_cassette("tape.json"):
        post(provider, "Old.")
    before = (outside / "tape.json").read_bytes()
    with httpx.Client() as client:
        with pytest.warns(tokentape.errors.TokentapeWarning, match="old cassette stays"):
            with pytest.raises(ZeroDivisionError):
                with tokentape.use_cassette("tape.json", mode="all"):
                    reply = stream(client, provider)
                    raise ZeroDivisionError
        reply.read()
    assert (outside / "tape.json").read_bytes() == before


def test_an_error_event_that_the_sdk_does_not_close_is_recorded_at_the_end_of_the_block(outside, provider):
    openai = pytest.importorskip("openai")
    provider.forget()
    provider.play(reply(b'data: {"error": {"message": "overloaded"}}\n\n', content_type="text/event-stream"))
    client = openai.OpenAI(base_url=f"{provider.url}/v1", api_key="sk-not-a-key", max_retries=0)
    held = []
    with tokentape.use_cassette("tape.json"):
        try:
            held.append(client.chat.completions.create(model="m", messages=[], stream=True))
            list(held[0])
        except openai.APIError as error:
            held.append(error)
    assert len(kept(outside)) == 1


def test_a_switch_of_protocols_is_counted_and_warned_of(outside, provider):
    provider.forget()
    head = SendHead(101, (("upgrade", "echo"), ("connection", "upgrade")), framing=Framing.AS_GIVEN)
    provider.play(Script.of(head, SendRaw(b"hello"), Cut()))
    upgrade = {"connection": "upgrade", "upgrade": "echo"}
    with pytest.warns(tokentape.errors.TokentapeWarning) as warned:
        with tokentape.use_cassette("tape.json") as deck:
            with httpx.stream("GET", f"{provider.url}/v1/realtime?key={KEY}", headers=upgrade) as response:
                assert response.status_code == 101
    assert deck.tally.unrecorded == 1
    (text,) = [str(warning.message) for warning in warned]
    assert text == "tape.json: not recorded: GET to 127.0.0.1 switched protocols (101)"


def test_a_call_that_never_left_is_counted(outside, provider, caplog):
    caplog.set_level("INFO", "tokentape")
    limits, timeout = httpx.Limits(max_connections=1), httpx.Timeout(5, pool=0.01)
    with httpx.Client(limits=limits, timeout=timeout) as client:
        with tokentape.use_cassette("tape.json") as deck:
            reply = stream(client, provider)
            with pytest.raises(httpx.PoolTimeout):
                stream(client, provider, "Two.")
            reply.read()
    assert (deck.tally.recorded, deck.tally.unrecorded) == (1, 1)
    assert "not recorded: POST to 127.0.0.1 never left (PoolTimeout)" in caplog.text


def test_an_explicit_client_keeps_a_stream_that_was_dropped_just_before_it_is_closed(outside, provider):
    client = tokentape.client("tape.json")
    reply = stream(client, provider)
    network = reply.stream._stream  # kept alive, so that only the tee is dropped
    del reply
    client.close()
    del network
    assert len(kept(outside)) == 1


def test_R51_a_credential_in_a_url_is_learnt_on_the_fast_path_too(outside, provider):
    def calls(*texts):
        for text in texts:
            post(provider, text, key=None, query=f"?key={OPAQUE}")

    with tokentape.use_cassette("tape.json"):
        calls("One.")
    with tokentape.use_cassette("tape.json", mode="new_episodes") as deck:
        post(provider, "Two.", key=None)
        calls("One.")
        post(provider, f"My key is {OPAQUE}.", key=None)
    assert deck.tally.replayed == 1
    assert OPAQUE not in (outside / "tape.json").read_text()


@pytest.mark.parametrize("order", ["AA", "ABA", "ABAB"])
def test_one_deck_entered_again_inside_itself_is_no_ring(outside, provider, order):
    decks = {name: open_deck(f"{name}.json") for name in sorted(set(order))}

    def enter(rest):
        if not rest:
            post(provider, "One.")
            httpx.get(f"{provider.url}/metrics")
            return
        with active.in_force(decks[rest[0]]):
            enter(rest[1:])

    registry.hold()
    enter(order)
    registry.release()
    assert active.current() is None
    for deck in decks.values():
        deck.close()
    assert [deck.tally.recorded for deck in decks.values()] == [2 * (name == order[-1]) for name in decks]


def test_a_block_left_inside_itself_stays_in_force(outside):
    deck = open_deck("tape.json")
    with active.in_force(deck):
        with active.in_force(deck):
            pass
        assert active.current() is deck
    assert active.current() is None
    deck.close()


def unfinished(*ends):
    """A cassette that a failed block left, with calls that ended so."""
    with pytest.raises(ZeroDivisionError):
        with tokentape.use_cassette("tape.json"):
            for end in ends:
                end()
            raise ZeroDivisionError


def test_once_asks_again_what_was_cut_on_our_side(outside, provider):
    def left():
        with httpx.Client() as client:
            reply = stream(client, provider)
            next(reply.iter_raw())
            reply.close()

    def read():
        with httpx.Client() as client:
            return stream(client, provider).read()

    unfinished(left, lambda: post(provider, "Two."))
    assert [how for how, _ in kept(outside)] == ["closed_by_caller", "eof"]
    with tokentape.use_cassette("tape.json") as deck:
        whole = read()
        post(provider, "Two.")
    assert (deck.tally.recorded, deck.tally.replayed) == (1, 1)
    assert [how for how, _ in kept(outside)] == ["eof", "eof"]
    provider.stop()
    with tokentape.use_cassette("tape.json", mode="none"):
        assert read() == whole


def test_once_asks_again_what_was_cancelled(outside, provider):
    async def ask(seconds):
        async with httpx.AsyncClient() as client, asyncio.timeout(seconds):
            return (await client.post(f"{provider.url}/v1/chat/completions", json={"model": "m"})).status_code

    def cancelled():
        with pytest.raises(TimeoutError):
            asyncio.run(ask(0.2))

    provider.forget()
    provider.play(silence())
    unfinished(cancelled)
    assert [how for how, _ in kept(outside)] == ["cancelled"]
    with tokentape.use_cassette("tape.json"):
        assert asyncio.run(ask(30)) == 200
    assert [how for how, _ in kept(outside)] == ["eof"]


def test_once_keeps_what_the_provider_cut(outside, provider):
    provider.forget()
    provider.play(
        Script.of(SendHead(200, framing=Framing.CHUNKED), SendRaw(b"5\r\nhello\r\n"), Cut()), times=1
    )

    def cut():
        with pytest.raises(httpx.RemoteProtocolError):
            httpx.post(f"{provider.url}/v1/chat/completions", json={"model": "m"})

    unfinished(cut)
    with tokentape.use_cassette("tape.json") as deck:
        cut()
    assert (deck.tally.replayed, deck.tally.recorded) == (1, 0)


def test_an_edit_by_hand_is_said_once_for_each_edit(outside, provider):
    with tokentape.use_cassette("tape.json"):
        post(provider, "One.")

    def replayed():
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            with tokentape.use_cassette("tape.json", mode="none"):
                post(provider, "One.")
        return len(said)

    def edit(old, new):
        text = (outside / "tape.json").read_text()
        head, mark, rest = text.partition('"response":')
        assert old in rest
        (outside / "tape.json").write_text(head + mark + rest.replace(old, new))
        seconds = 1_800_000_000 + len(new)  # as if some time had passed
        os.utime(outside / "tape.json", (seconds, seconds))

    assert replayed() == 0
    edit('"assistant", "content": "', '"assistant", "content": "Edited. ')
    assert [replayed(), replayed()] == [1, 0]
    edit("Edited. ", "Edited again. ")
    assert [replayed(), replayed()] == [1, 0]


def test_interceptors_that_cannot_be_loaded_leave_nothing_open(outside, monkeypatch):
    def broken():
        raise tokentape.errors.UsageError("two interceptors are called 'x': uninstall one of the packages")

    opened = []
    monkeypatch.setattr(registry, "_the_registry", broken)
    monkeypatch.setattr(
        "tokentape.cassette.open_with", lambda *given: opened.append(open_with(*given)) or opened[-1]
    )
    with pytest.raises(tokentape.errors.UsageError, match="two interceptors"):
        tokentape.use_cassette("tape.json").__enter__()
    assert [deck.is_closed for deck in opened] == [True]
    assert active.open_decks() == ()
    assert list(outside.iterdir()) == []


SPANS = "/v1/traces/ingest"


def sent(provider, n=1):
    return httpx.post(f"{provider.url}{SPANS}", json={"data": [n]}).status_code


def test_telemetry_is_recorded_as_all_traffic_is_and_left_out_where_calls_of_models_are_asked_for(
    outside, provider
):
    with tokentape.use_cassette("all.json") as deck:
        live = sent(provider)
    assert deck.tally.recorded == 1
    with tokentape.use_cassette("llm.json", record="llm") as deck:
        sent(provider)
    assert (deck.tally.recorded, deck.tally.passed) == (0, 1)
    provider.stop()
    with tokentape.use_cassette("all.json", mode="none") as deck:
        assert sent(provider) == live
    assert (deck.tally.replayed, deck.tally.refused) == (1, 0)


def test_telemetry_that_is_not_on_the_tape_is_refused_and_no_miss(outside, provider):
    with tokentape.use_cassette("tape.json"):
        post(provider, "One.")
    provider.stop()
    with tokentape.use_cassette("tape.json", mode="none", on_miss="abort") as deck:
        post(provider, "One.")
        reply = httpx.post(f"{provider.url}{SPANS}", json={"data": [2]})
        assert reply.status_code == 400
        assert "no test fails of it" in reply.json()["error"]["message"]
    assert (deck.tally.refused, deck.tally.missed, deck.errors) == (1, 0, ())
    with tokentape.use_cassette("tape.json", mode="none", record="llm") as deck:
        assert sent(provider) == 400
    assert (deck.tally.refused, deck.tally.passed) == (1, 0)


def test_telemetry_that_does_not_come_again_is_not_unused_and_refresh_drops_it(outside, provider):
    with tokentape.use_cassette("tape.json"):
        sent(provider)
        post(provider, "One.")
    with tokentape.use_cassette("tape.json", mode="none") as deck:
        assert len(deck.unused) == 1
        post(provider, "One.")
        assert deck.unused == []
    with tokentape.use_cassette("tape.json", mode="refresh"):
        post(provider, "One.")
    assert asks(outside / "tape.json") == ["One."]


@pytest.mark.parametrize("errors", ["warn", "refuse"])
def test_an_error_reply_to_telemetry_is_recorded_without_a_word(outside, provider, errors):
    provider.forget()
    provider.play(reply(b"{}", 401))
    with tokentape.use_cassette("tape.json", errors=errors) as deck:
        assert sent(provider) == 401
    assert (deck.tally.recorded, deck.troubles) == (1, ())


def test_telemetry_of_a_thread_without_context_does_not_fail_siblings(outside, provider):
    with tokentape.use_cassette("a.json"), tokentape.use_cassette("b.json"):
        pass
    said = []

    def run(name, both):
        with tokentape.use_cassette(f"{name}.json", mode="none"):
            both.wait()
            if name == "a":
                thread = threading.Thread(target=lambda: said.append(sent(provider)))
                thread.start()
                thread.join()
            both.wait()

    barrier, errors = threading.Barrier(2, timeout=30), []

    def guarded(name):
        try:
            run(name, barrier)
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=guarded, args=(name,)) for name in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (said, errors, provider.count) == ([400], [], 0)
