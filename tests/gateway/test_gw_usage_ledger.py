"""The ledger: what each request used and cost, in files that processes share, and asked for by anyone."""

from __future__ import annotations

import csv
import gc
import io
import json
import logging
import os
import stat
import sys
import time
from decimal import Decimal

import pytest
from gw_processes import killed, writing

from tokentape.errors import UsageError
from tokentape.gateway.usage import ledger as ledgers
from tokentape.gateway.usage.estimates import guess
from tokentape.gateway.usage.ledger import Ledger
from tokentape.gateway.usage.options import UsageOptions
from tokentape.gateway.usage.report import read_question
from tokentape.gateway.usage.rows import files, lines, tidy
from tokentape.gateway.usage.spent import Spent, price_of, row_of, settled
from tokentape.gateway.usage.tap import Counted
from tokentape.metering.price import Price
from tokentape.protocols.dialect import Kind
from tokentape.protocols.usage import Usage

AT = 1_763_720_000.25
DAY = 86_400.0
OPENAI = "https://api.openai.com/v1"


def spent(number=0, **more):
    about = {
        "at": AT,
        "id": f"id{number}",
        "client": "team-a",
        "upstream": "openai",
        "model": "gpt-4o",
        "asked_model": "fast",
        "dialect": "openai.chat",
        "operation": "create",
        "status": 200,
        "counted": Counted(Usage(input=1_000_000, output=100_000), "reply"),
        "base_url": OPENAI,
        "ms": 40.0,
    }
    return Spent(**{**about, **more})


@pytest.fixture
def ledger(tmp_path):
    made = Ledger(UsageOptions(directory=str(tmp_path / "usage"), interval=0.01), clock=lambda: AT + 9 * DAY)
    yield made
    made.close()


def usd(one, prices=None):
    cost = price_of(one, settled(one), prices or {})
    return cost.usd, cost.source


# What a request costs, and who says so


def test_the_providers_own_charge_comes_first_then_own_prices_then_the_published_ones():
    own = {"gpt-4o": Price(input="1", output="1")}
    used = Usage(input=1_000_000, output=100_000, charged=0.5)
    assert usd(spent(counted=Counted(used, "reply")), own) == (Decimal("0.5"), "the reply")
    assert usd(spent(), own) == (Decimal("1.1"), "own prices")
    published, source = usd(spent())
    assert published == Decimal("3.5")
    assert source.startswith("genai-prices")


def test_the_cost_for_a_trace(ledger):
    assert ledger.cost(spent())["usd"] == "3.5"
    unknown = ledger.cost(spent(model="nobody-knows-it"))
    assert (unknown["usd"], unknown["source"]) == (None, None)
    assert unknown["reason"]


def test_a_replay_costs_nothing_and_says_so():
    assert usd(spent(replayed="rec1")) == (Decimal(0), "replayed")


@pytest.mark.parametrize("status", [400, 429, 500, None])
def test_a_failed_request_is_not_charged(status):
    one = spent(status=status, counted=Counted(), estimate=lambda: 1 // 0)
    assert usd(one) == (Decimal(0), "not charged")


def test_an_unknown_price_is_unknown_and_never_zero():
    row = row_of(spent(model="nobody-knows-it"), {})
    assert "usd" not in row
    assert "no listed price" in row["why"]


def test_a_stream_that_does_not_count_is_estimated_and_says_so():
    body = {"model": "gpt-4o", "messages": [{"role": "user", "content": "x" * 400}]}
    one = spent(counted=Counted(), estimate=lambda: guess("openai.chat", body, said=200))
    row = row_of(one, {})
    assert row["counted_by"] == "estimate"
    assert "four bytes of the text" in row["method"]
    assert (100 <= row["input"] <= 120, row["output"]) == (True, 50)
    assert Decimal(row["usd"]) > 0


def test_what_was_counted_stays_and_only_the_rest_is_estimated():
    cut = Counted(Usage(input=7, model="claude"), "reply")
    one = spent(counted=cut, estimate=lambda: Counted(Usage(input=99, output=5), "estimate", "how"))
    assert (settled(one).usage.input, settled(one).usage.output) == (7, 5)
    assert settled(one).by == "estimate"
    assert settled(spent(kind=Kind.EMBED, counted=cut, estimate=lambda: 1 // 0)) is cut


# Adding up


def test_sums_by_client_and_model(ledger):
    for number in range(3):
        ledger.add(spent(number))
    ledger.add(spent(3, client="team-b", status=429, counted=Counted()))
    ledger.add(spent(4, model="unknown-model", replayed="rec"))
    ledger.add(spent(5, model="unknown-model"))
    found = ledger.report().json()
    first, other, failed = found["groups"]
    assert (first["client"], first["model"], first["requests"], first["input"]) == (
        "team-a",
        "gpt-4o",
        3,
        3_000_000,
    )
    assert (first["usd"], first["mean_ms"]) == (10.5, 40.0)
    assert (other["replayed"], other["unpriced"], other["usd"]) == (1, 1, 0.0)
    assert (failed["client"], failed["failed"], failed["uncounted"]) == ("team-b", 1, 0)
    assert found["total"]["requests"] == 6
    assert json.dumps(found)


def test_filters_and_other_groups(ledger):
    for number in range(4):
        ledger.add(spent(number, at=AT + number * DAY, session=f"s{number % 2}", asked_model=None))
    asked = {"by": "day", "from": "2025-11-22", "to": "2025-11-23"}
    assert [group["day"] for group in ledger.report(asked).json()["groups"]] == ["2025-11-22", "2025-11-23"]
    assert ledger.report({"session": "s1", "by": "id"}).json()["total"]["requests"] == 2
    assert [group["id"] for group in ledger.report({"session": "s1", "by": "id"}).json()["groups"]] == [
        "id1",
        "id3",
    ]
    assert ledger.report({"by": "asked_model"}).json()["groups"][0]["asked_model"] == "-"
    assert ledger.report({"from": str(AT), "to": str(AT + 1), "by": ""}).json()["total"]["requests"] == 1
    assert (
        ledger.report({"from": "2025-11-24T10:13:20Z", "by": "hour"}).json()["groups"][0]["hour"]
        == "2025-11-24T10"
    )


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"by": "wallet"}, "by='wallet' is unknown; known are day, hour"),
        ({"form": "csv"}, "unknown parameter 'form'; known are"),
        ({"format": "xml"}, "format='xml' is unknown; known are json, csv"),
        ({"from": "yesterday"}, "from='yesterday' is no time; write 2026-11-21"),
        ({"to": "9" * 400}, "is no time"),
        ({"from": "2026-13-45"}, "is no time"),
    ],
    ids=range(6),
)
def test_a_wrong_question_says_what_is_wrong(asked, says):
    with pytest.raises(UsageError, match="usage: ") as caught:
        read_question(asked)
    assert says in str(caught.value)


def test_csv_is_csv_and_no_cell_is_a_formula(ledger):
    names = ["=1+1", "+1", "-1", "@sum", "\t=x", "\r=x", ' =cmd|"/c calc"', 'a,"b"\nc', "plain", "-"]
    for number, name in enumerate(names):
        ledger.add(spent(number, client=name))
    report = ledger.report({"format": "csv", "by": "client"})
    assert report.question.as_csv
    found = list(csv.DictReader(io.StringIO(report.csv(), newline="")))
    cells = {row["client"] for row in found}
    assert cells == {*("'" + name for name in names[:7]), *names[7:]}
    assert {row["usd"] for row in found} == {"3.5"}


# In memory alone


def test_without_a_directory_sums_stay_in_memory():
    ledger = Ledger(UsageOptions(directory=None))
    for number in range(4):
        ledger.add(spent(number, at=AT + number * DAY))
    found = ledger.report({"by": "day,client", "from": "2025-11-22"}).json()
    assert [group["day"] for group in found["groups"]] == ["2025-11-22", "2025-11-23", "2025-11-24"]
    assert found["total"]["usd"] == 10.5
    with pytest.raises(UsageError, match="'session' is only known where"):
        ledger.report({"by": "session"})
    ledger.close()


def test_memory_does_not_grow_with_requests():
    ledger = Ledger(UsageOptions(directory=None, interval=60))
    for number in range(3_000):
        ledger.add(spent(number, model="gpt-4o", counted=Counted()))
    ledger.flush()
    gc.collect()
    before = len(gc.get_objects())
    for number in range(100_000):
        ledger.add(spent(number, client=f"c{number % 7}", counted=Counted(), replayed="r"))
        if number % 10_000 == 0:
            ledger.flush()
    ledger.flush()
    gc.collect()
    assert len(gc.get_objects()) - before < 2_000
    assert ledger.report().total.counts["requests"] == 103_000
    ledger.close()


def test_many_requests_do_not_wait_in_memory_for_the_interval(tmp_path):
    ledger = Ledger(UsageOptions(directory=str(tmp_path), interval=3_600))
    for number in range(1_000):
        ledger.add(spent(number))
    until = time.monotonic() + 20
    while len(list(lines(str(tmp_path), None, None))) < 128 and time.monotonic() < until:
        time.sleep(0.01)
    assert len(list(lines(str(tmp_path), None, None))) >= 128
    ledger.close()
    assert len(list(lines(str(tmp_path), None, None))) == 1_000


def test_names_that_clients_make_up_are_bounded(monkeypatch):
    monkeypatch.setattr(ledgers, "_MOST_GROUPS", 50)
    ledger = Ledger(UsageOptions(directory=None))
    for number in range(500):
        ledger.add(spent(number, model=f"made-up-{number}", replayed="r"))
    found = ledger.report({"by": "model"})
    assert ledger.groups == 51
    assert found.total.counts["requests"] == 500
    assert {names["model"] for names, _ in found.groups} >= {"(others)", "made-up-3"}
    ledger.close()


def test_what_waits_for_the_disk_is_bounded_and_counted(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(ledgers, "_MOST_WAITING", 10)
    place = tmp_path / "usage"
    place.write_text("a file in its place")
    ledger = Ledger(UsageOptions(directory=str(place), interval=60))
    with caplog.at_level(logging.WARNING, "tokentape"):
        for number in range(30):
            ledger.add(spent(number))
            ledger.flush()
    assert ledger.lost == 20
    assert len(caplog.records) == 1
    place.unlink()
    ledger.flush()
    assert [row["id"] for row in lines(str(place), None, None)] == [f"id{number}" for number in range(20, 30)]
    ledger.close()


def test_an_estimate_that_fails_costs_nobody_the_request(ledger):
    ledger.add(spent(counted=Counted(), estimate=lambda: 1 // 0))
    ledger.add(spent(1))
    assert ledger.report().total.counts["requests"] == 2


def test_switched_off_nothing_is_kept(tmp_path):
    ledger = Ledger(UsageOptions(enabled=False, directory=str(tmp_path)))
    ledger.add(spent())
    ledger.close()
    assert os.listdir(tmp_path) == []


# Files


@pytest.mark.skipif(sys.platform == "win32", reason="no such access rights")
def test_only_the_owner_may_read(ledger):
    ledger.add(spent())
    ledger.flush()
    [(_, path)] = files(ledger.options.directory)
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    assert stat.S_IMODE(os.stat(ledger.options.directory).st_mode) == 0o700


def test_torn_lines_are_passed_over(ledger):
    ledger.add(spent())
    ledger.flush()
    [(_, path)] = files(ledger.options.directory)
    with open(path, "ab") as file:
        file.write(b'[1]\n"x"\n{"at": "now"}\n\xff\n{"at": 17637')
    assert ledger.report().total.counts["requests"] == 1


def test_old_files_go_by_age_and_by_size(tmp_path):
    for day in ("2025-11-18", "2025-11-19", "2025-11-20", "2025-11-21"):
        (tmp_path / f"{day}.1-ab.jsonl").write_bytes(b"x" * 100)
    (tmp_path / "2025-11-18.notes").write_bytes(b"mine")
    tidy(str(tmp_path), 1_000, 2 * DAY, AT)
    assert [day for day, _ in files(str(tmp_path))] == ["2025-11-19", "2025-11-20", "2025-11-21"]
    tidy(str(tmp_path), 150, 90 * DAY, AT)
    assert [day for day, _ in files(str(tmp_path))] == ["2025-11-21"]
    tidy(str(tmp_path), 1, 1.0, AT)
    assert [day for day, _ in files(str(tmp_path))] == ["2025-11-21"]
    assert (tmp_path / "2025-11-18.notes").exists()


WORKER = """
import sys
from tokentape.gateway.usage.ledger import Ledger
from tokentape.gateway.usage.options import UsageOptions
from tokentape.gateway.usage.spent import Spent
place, name, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
ledger = Ledger(UsageOptions(directory=place, interval=0.01))
number = 0
while number < count or not count:
    ledger.add(Spent(at=1763720000.25, id=f"{name}{number}", client=name, status=200, replayed="r"))
    number += 1
    if number % 50 == 0:
        ledger.flush()
        print(number, flush=True)
ledger.close()
"""


def test_several_processes_append_to_one_place(ledger):
    with writing(WORKER, *((ledger.options.directory, name, 500) for name in "abc")) as running:
        for process in running:
            process.communicate(timeout=60)
    ledger.add(spent())
    found = ledger.report({"by": "client"})
    assert {names["client"]: sums.counts["requests"] for names, sums in found.groups} == {
        "a": 500, "b": 500, "c": 500, "team-a": 1,
    }  # fmt: skip


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
def test_kill_9_loses_nothing_that_was_flushed(tmp_path):
    with writing(WORKER, (tmp_path, "k", 0)) as (process,):
        told = killed(process, 200)
    assert {f"k{number}" for number in range(told)} <= {row["id"] for row in lines(str(tmp_path), None, None)}


def test_its_folder_keeps_itself_out_of_git(tmp_path):
    place = tmp_path / "usage"
    made = Ledger(UsageOptions(directory=str(place), interval=0.01), clock=lambda: AT)
    made.add(spent())
    made.close()
    assert (place / ".gitignore").read_text() == "*\n"
    assert len(list(place.glob("*.jsonl"))) == 1
