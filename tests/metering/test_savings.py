"""What replays saved: exact over threads and tasks, immutable, resettable, priced when asked, small."""

from __future__ import annotations

import asyncio
import gc
import os
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor
from dataclasses import FrozenInstanceError
from decimal import Decimal

import pytest
from metering_calls import Tape, call, chat

import tokentape
from tokentape import Price
from tokentape.cassettes.format.layout import assemble, render
from tokentape.errors import UsageError
from tokentape.metering.call import Call
from tokentape.metering.plays import WAITING, Ledger, Plays, ledger
from tokentape.metering.savings import Saved, Savings, dollars
from tokentape.opening import open_deck
from tokentape.protocols.usage import Usage
from tokentape.wire.message import Request


@pytest.fixture(autouse=True)
def _from_zero(monkeypatch):
    for name in ("TOKENTAPE_MODE", "TOKENTAPE_CONFIG", "CI"):
        monkeypatch.delenv(name, raising=False)
    tokentape.reset_savings()
    yield
    tokentape.reset_savings()


def written(path, *interactions):
    """A cassette file with these recordings."""
    path.write_bytes(assemble([render(each) for each in interactions], rules="other", finished=True))
    return path


def play(deck, interaction):
    """Ask the deck for a recorded call; what it answers."""
    return deck.begin(Request("POST", interaction.request.url, (), interaction.request.body))


@pytest.fixture
def deck(tmp_path):
    """A deck with one recording that may be played again and again."""
    opened = open_deck(written(tmp_path / "a.json", chat()), mode="none", repeat="last")
    yield opened
    opened.close()


def test_nothing_was_saved_before_anything_was_played(deck):
    saved = tokentape.savings()
    assert (saved.calls, saved.tokens, saved.usd, saved.seconds) == (0, 0, None, 0)
    assert str(saved) == "saved: 0 calls, 0 tokens, $0.00, 0.00 s"


def test_one_replay_saved_its_tokens_money_and_time(deck):
    play(deck, chat())
    saved = tokentape.savings()
    assert (saved.calls, saved.input, saved.output, saved.tokens) == (1, 1000, 100, 1100)
    assert saved.usd == Decimal("0.0035")
    assert saved.seconds == 0.04
    assert (saved.unpriced, saved.uncounted) == (0, 0)
    assert str(saved) == "saved: 1 call, 1,100 tokens, $0.0035, 0.04 s"
    assert saved.prices.startswith("genai-prices ")


def test_a_snapshot_does_not_change(deck):
    play(deck, chat())
    first = tokentape.savings()
    play(deck, chat())
    assert (first.calls, tokentape.savings().calls) == (1, 2)
    with pytest.raises(FrozenInstanceError):
        first.calls = 3
    with pytest.raises(TypeError):
        first.models["gpt-4o"] = Saved()


def test_closed_blocks_count_as_running_ones_do(deck):
    play(deck, chat())
    running = tokentape.savings()
    deck.close()
    assert tokentape.savings() == running
    assert tokentape.savings() == running


def test_reset_starts_from_zero_also_in_a_running_block(deck):
    play(deck, chat())
    before = tokentape.savings()
    tokentape.reset_savings()
    assert tokentape.savings().calls == 0
    play(deck, chat())
    assert tokentape.savings().calls == 1
    deck.close()
    assert tokentape.savings().calls == 1
    assert before.calls == 1


def test_16_threads_with_100_calls_each_are_1600_calls(deck):
    start = threading.Barrier(16)

    def work(_):
        start.wait()
        for _ in range(100):
            play(deck, chat())

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(work, range(16)))
    saved = tokentape.savings()
    assert (saved.calls, saved.input, saved.output) == (1600, 1_600_000, 160_000)
    assert saved.usd == 1600 * Decimal("0.0035")
    assert saved.seconds == 64.0


def test_threads_with_a_cassette_each(tmp_path):
    def work(number):
        path = written(tmp_path / f"{number}.json", chat())
        for _ in range(20):
            opened = open_deck(path, mode="none", repeat="cycle")
            for _ in range(5):
                play(opened, chat())
            opened.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    assert tokentape.savings().calls == 8 * 20 * 5


def test_savings_may_be_asked_while_calls_run(deck):
    stop = threading.Event()
    seen = []

    def watch():
        while not stop.is_set():
            seen.append(tokentape.savings().calls)

    watcher = threading.Thread(target=watch)
    watcher.start()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: [play(deck, chat()) for _ in range(50)], range(4)))
    stop.set()
    watcher.join()
    assert seen == sorted(seen)
    assert tokentape.savings().calls == 200


def test_tasks_count(deck):
    async def work():
        for _ in range(10):
            play(deck, chat())
            await asyncio.sleep(0)

    async def main():
        await asyncio.gather(*(work() for _ in range(20)))

    asyncio.run(main())
    assert tokentape.savings().calls == 200


def test_by_model_with_the_known_part_of_the_money(tmp_path):
    calls = [
        chat("a"),
        chat("b", model="gpt-4.1", answered="gpt-4.1-2025-04-14"),
        chat("c", model="home-made", answered="home-made"),
        chat("d", usage={}),
    ]
    opened = open_deck(written(tmp_path / "a.json", *calls), mode="none")
    for each in calls:
        play(opened, each)
    opened.close()
    saved = tokentape.savings()
    assert (saved.calls, saved.unpriced, saved.uncounted) == (4, 2, 1)
    assert saved.usd == Decimal("0.0035") + Decimal("0.0028")
    assert list(saved.models) == ["gpt-4.1", "gpt-4o", "home-made"]
    assert saved.models["home-made"].usd is None
    assert saved.models["home-made"].input == 1000
    assert dict(saved.unknown) == {
        "openai has no listed price for home-made": 1,
        "the reply does not say what it used": 1,
    }
    assert str(saved) == (
        "saved: 4 calls, 3,300 tokens (not known for 1 call), $0.0063 (2 calls of unknown price), 0.16 s"
    )
    assert str(saved.models["home-made"]) == "saved: 1 call, 1,100 tokens, price unknown, 0.04 s"


def test_own_prices_fill_in_and_override(tmp_path):
    calls = [chat("a"), chat("c", model="home-made", answered="home-made-7")]
    opened = open_deck(written(tmp_path / "a.json", *calls), mode="none")
    for each in calls:
        play(opened, each)
    opened.close()
    own = {"home-made": Price(input=1, output=2), "gpt-4o": Price(input="10", output="10")}
    saved = tokentape.savings(prices=own)
    assert saved.usd == Decimal("0.0012") + Decimal("0.011")
    assert saved.unpriced == 0
    assert tokentape.savings().unpriced == 1


def test_own_prices_from_a_file(tmp_path, deck):
    play(deck, chat())
    path = tmp_path / "prices.toml"
    path.write_text('["gpt-4o"]\ninput = 0.1\noutput = "0.3"\ntiers = {500 = {input = 1, output = 1}}\n')
    assert tokentape.savings(prices=path).usd == Decimal("0.0011")
    assert tokentape.savings(prices=str(path)).usd == Decimal("0.0011")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("gpt-4o = 3", "is no table of rates"),
        ("[m]\ninptu = 3", "has no rate 'inptu'; known are input, output"),
        ("[m]\ninput = -3", "Price: input is"),
        ("[m]\ntiers = 3", "are no table by number of tokens"),
        ("[m\n", "cannot read"),
    ],
)
def test_a_wrong_price_file_is_one_clear_error(tmp_path, text, problem):
    path = tmp_path / "prices.toml"
    path.write_text(text)
    with pytest.raises(UsageError, match=problem):
        tokentape.savings(prices=path)


def test_a_missing_price_file_and_a_price_that_is_none():
    with pytest.raises(UsageError, match="cannot read nowhere.toml"):
        tokentape.savings(prices="nowhere.toml")
    with pytest.raises(UsageError, match=r"prices\['m'\] is 3; give a tokentape.Price"):
        tokentape.savings(prices={"m": 3})


def test_errors_and_lists_cost_nothing_and_a_paced_replay_saves_no_time(tmp_path):
    failed = chat("e", status=429, usage={})
    opened = open_deck(written(tmp_path / "a.json", failed, chat()), mode="none", pace="recorded")
    play(opened, failed)
    play(opened, chat())
    opened.close()
    saved = tokentape.savings()
    assert (saved.calls, saved.unpriced, saved.uncounted, saved.seconds) == (2, 0, 0, 0)
    assert saved.usd == Decimal("0.0035")


def test_misses_and_traffic_that_passes_save_nothing(deck):
    play(deck, chat("never asked"))
    deck.begin(Request("GET", "http://127.0.0.1:9/health", (), None))
    deck.clear_errors()
    assert tokentape.savings().calls == 0


def test_a_recording_that_cannot_be_read_any_more_counts_as_unknown():
    class Broken(Tape):
        def interaction(self, number):
            raise OSError("gone")

    ledger = Ledger()
    plays = Plays(Broken([chat()]))
    dict.__setitem__(plays, 0, 1)
    ledger.add(plays)
    [(found, times, milliseconds)] = ledger.calls()
    assert (found, times, milliseconds) == (Call(problem="its recording can no longer be read"), 1, 0)
    saved = Savings.of([(found, 1, 0)])
    assert (saved.calls, saved.unpriced, saved.usd) == (1, 1, None)


# Memory: what was played is read once, and cassettes that were closed are let go of.


def opened_and_closed(ledger, tape, times=1):
    plays = Plays(tape)
    for _ in range(times):
        dict.__setitem__(plays, 0, plays.get(0, 0) + 1)
    ledger.add(plays)
    ledger.close(plays)


def test_the_same_cassette_again_and_again_waits_once_and_is_read_once():
    ledger, tapes = Ledger(), [Tape([chat()]) for _ in range(50)]
    for tape in tapes:
        opened_and_closed(ledger, tape)
    assert len(ledger._waiting) == 1
    [(_, times, milliseconds)] = ledger.calls()
    assert (times, milliseconds) == (50, 50 * 40)
    assert sum(tape.reads for tape in tapes) == 1


def test_a_cassette_that_changed_in_between_counts_as_what_it_was():
    ledger = Ledger()
    opened_and_closed(ledger, Tape([chat("a")]))
    opened_and_closed(ledger, Tape([chat("b", model="gpt-4.1")]))
    assert sorted(found.asked for found, _, _ in ledger.calls()) == ["gpt-4.1", "gpt-4o"]


def test_few_closed_cassettes_wait_and_the_sums_stay_small():
    ledger = Ledger()
    for number in range(WAITING + 50):
        opened_and_closed(ledger, Tape([chat()], path=f"{number}.json"))
    assert len(ledger._waiting) == WAITING
    [(_, times, _)] = ledger.calls()
    assert times == WAITING + 50
    assert (len(ledger._waiting), len(ledger._sums), ledger._bytes) == (0, 1, 0)


def test_a_large_closed_cassette_is_let_go_of_at_once(monkeypatch):
    monkeypatch.setattr("tokentape.metering.plays.WAITING_BYTES", 1500)
    ledger, tape = Ledger(), Tape([chat("a"), chat("b")])
    gone = weakref.ref(tape)
    opened_and_closed(ledger, tape)
    del tape
    gc.collect()
    assert gone() is None
    assert [times for _, times, _ in ledger.calls()] == [1]


def test_a_cassette_of_which_nothing_was_played_is_not_kept(tmp_path):
    ledger, plays = Ledger(), Plays(Tape([chat()]))
    ledger.close(plays)
    assert not ledger._waiting
    assert not plays.tape.reads


def test_a_deck_that_nobody_closed_counts_and_is_let_go_of(tmp_path):
    opened = open_deck(written(tmp_path / "a.json", chat()), mode="none")
    play(opened, chat())
    gone = weakref.ref(opened._playback)
    del opened
    gc.collect()
    assert gone() is None
    assert tokentape.savings().calls == 1
    assert not ledger._open


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_forked_child_counts_for_itself(deck):
    play(deck, chat())
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        before = tokentape.savings().calls
        play(deck, chat())
        os.write(writer, f"{before} {tokentape.savings().calls}".encode())
        os._exit(0)
    os.waitpid(child, 0)
    os.close(writer)
    with os.fdopen(reader) as answer:
        assert answer.read() == "0 1"
    assert tokentape.savings().calls == 1


@pytest.mark.parametrize(
    ("usd", "text"),
    [("0", "$0.00"), ("12.345", "$12.34"), ("1234.5", "$1,234.50"), ("0.5", "$0.50"), ("0.0123", "$0.012"),
     ("0.00000075", "$0.00000075")],
)  # fmt: skip
def test_dollars(usd, text):
    assert dollars(Decimal(usd)) == text


def test_sums_travel_as_plain_values_between_processes():
    first = Savings.of([(call("gpt-4o", Usage(10, 1)), 2, 30)])
    unknown = Savings.of([(call("nobody", Usage(10, 1)), 1, 0)])
    for saved in (first, unknown, Saved()):
        assert all(isinstance(value, int | float | str | None) for value in saved.plain.values())
        assert Saved.of_plain(saved.plain) + Saved() == saved + Saved()
    both = Saved.of_plain(first.plain) + Saved.of_plain(unknown.plain)
    assert (both.calls, both.usd, both.unpriced) == (3, first.usd, 1)
