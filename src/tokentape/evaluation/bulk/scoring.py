"""The scoring job over exported files, on Daft: its own engine here, or a Ray cluster by its address.

    questions   keyed anew; of those that are one call the last whole one stands
    answers     joined by the question they are of
    verdicts    of comparators, on batches: a row for each question, target, sample and comparator
    rates       of those, by target and comparator, and by category and model as well

Functions that Daft runs take batches of columns, and call what the evaluation in one process calls.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, TypeGuard

from tokentape.errors import UsageError
from tokentape.evaluation.bulk.columns import COLUMNS
from tokentape.evaluation.bulk.exporting import whole
from tokentape.evaluation.bulk.given import ASKED, CAME, keys, pair_of
from tokentape.evaluation.comparing.spec import comparators_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from daft import DataFrame, DataType, Expression, Series

    from tokentape.evaluation.comparing.comparator import Asking, Comparator, Pair, Verdict

    Rows = list[dict[str, object]]

BATCH = 256
"""Rows that one call of ours is given: few enough for long conversations to fit into memory."""

IN_PROCESSES = True
"""Whether these calls run in processes of their own, since threads of Python would wait for each other."""

SHOWN = ("id", "cassette", "category", "model")
"""Columns of the question that stand beside a verdict."""
TARGET = ("target", "sample")
"""And those of the answer."""

_connected: list[str] = []
"""The cluster that jobs of this process run on: Daft takes one for all."""


def connect(address: str) -> None:
    """Run on this Ray cluster from now on. Raises `UsageError` without Ray, and for a second cluster."""
    if address in _connected:
        return
    import daft

    try:
        daft.set_runner_ray(address)
    except ImportError:
        raise UsageError("score: --ray needs Ray, here and there: pip install 'daft[ray]'") from None
    except (RuntimeError, ConnectionError) as error:
        raise UsageError(f"score: --ray {address}: {' '.join(str(error).split())}") from None
    _connected.append(address)


def verdicts(files: Sequence[str], compare: str) -> DataFrame:
    """A row for each question, target, sample and comparator, as Daft will compute it.

    Raises `UsageError` for a comparator that is none or has to ask somebody, and for files that are no
    export.
    """
    from daft import col

    offline(compare)
    rows = _exported(files)
    questions, answers = rows.where(col("target").is_null()), rows.where(~col("target").is_null())
    asked = questions.select("handle", *SHOWN, _packed((*ASKED, *CAME, "metadata")).alias("asked"))
    given = answers.select("question", *TARGET, _packed(CAME).alias("came"))
    pairs = asked.join(_standing(questions), on="handle").join(given, left_on="handle", right_on="question")
    judged = pairs.with_column("verdict", _compared(compare)(col("asked"), col("came")))
    shown = ("handle", "key", "same", "times", *SHOWN, *TARGET)
    found = judged.select(*shown, "verdict").explode("verdict")
    return found.select(*shown, *(col("verdict").get(name).alias(name) for name in _verdict_type()))


def _exported(files: Sequence[str]) -> DataFrame:
    """What the files hold. Raises `UsageError` where nothing is, or what `export` did not write."""
    import daft

    try:
        rows = daft.read_parquet([*files])
    except FileNotFoundError as error:
        raise UsageError(f"score: {' '.join(str(error).split())}") from None
    missing = {each.name for each in COLUMNS}.difference(rows.column_names)
    if missing:
        shown = ", ".join(sorted(missing)[:3])
        raise UsageError(f"score: {', '.join(files)}: no export of tokentape: without {shown}")
    return rows


def rates(found: DataFrame, *by: str) -> Rows:
    """Of each target and comparator, and of each value of the columns `by`: `rows` it applies to, how many
    of them `passed`, `failed`, and the mean `score`.
    """
    from daft import DataType, col

    def number(which: Expression, name: str) -> Expression:
        return which.fill_null(False).cast(DataType.int64()).alias(name)

    names = ("target", "comparator", *by)
    one = found.select(
        *names,
        number(~col("score").is_null(), "rows"),
        number(col("passed"), "passed"),
        number(~col("passed"), "failed"),
        "score",
    )
    sums = [col(name).sum() for name in ("rows", "passed", "failed")]
    table = one.groupby(*names).agg(*sums, col("score").mean()).sort([*names])
    return [dict(row) for row in table.to_pylist()]


def saved(found: DataFrame, place: str | None, *, force: bool = False) -> DataFrame:
    """The verdicts once they are computed: in memory, or in files in a folder, which is in place only when
    they are whole; what is no path is an address, written as Daft does it.

    Raises `UsageError` for a folder where something is.
    """
    import daft

    if place is None:
        return found.collect()
    if "://" in place:
        found.write_parquet(place, compression="zstd", write_mode="overwrite" if force else "append")
    else:
        with whole(place, force=force) as partial:
            found.write_parquet(partial, compression="zstd")
    return daft.read_parquet(place if "://" in place else f"{place}/*.parquet")


def offline(compare: str) -> tuple[Comparator, ...]:
    """The comparators. Raises `UsageError` for one that has to ask somebody."""
    found: list[Comparator] = []
    for each in comparators_of(compare):
        if _is_offline(each):
            found.append(each)
        else:
            raise UsageError(f"score: {each.name} asks a model, which `tokentape report` does")
    return tuple(found)


def _is_offline(each: Comparator | Asking) -> TypeGuard[Comparator]:
    return hasattr(each, "compare")


def _packed(names: Sequence[str]) -> Expression:
    """Several columns as one, which a function of ours gets as dicts."""
    from daft import col
    from daft.functions import to_struct

    return to_struct(*(col(name) for name in dict.fromkeys(names)))


def _standing(questions: DataFrame) -> DataFrame:
    """The questions that count: of the recordings of one call the last usable one, as in `corpus.grouping`.

    What was recorded is keyed anew. Texts are left behind before anything is grouped.
    """
    from daft import Window, col
    from daft.functions import row_number

    slim = questions.select(
        "handle",
        "at",
        "nth",
        "times",
        col("why_not").eq_null_safe("").alias("usable"),
        _keyed()(_packed(ASKED)).alias("keys"),
    ).with_columns({name: col("keys").get(name) for name in ("key", "same")})
    group = Window().partition_by("same")
    latest = group.order_by("usable", "at", "nth", desc=True, nulls_first=False)
    placed = slim.with_columns({"place": row_number().over(latest), "all": col("times").sum().over(group)})
    return placed.where(col("place").eq_null_safe(1) & col("usable")).select(
        "handle", "key", "same", col("all").alias("times")
    )


def _keyed() -> Callable[[Expression], Expression]:
    """Questions to their semantic key and the digest of the call, as `given.keys` computes them."""
    from daft import DataType, func

    kind = DataType.struct({"key": DataType.string(), "same": DataType.string()})

    @func.batch(return_dtype=kind, batch_size=BATCH, use_process=IN_PROCESSES)
    def keyed(asked: Series) -> Rows:
        found = (keys(values) for values in asked.to_pylist())
        return [{"key": key, "same": same} for key, same in found]

    return keyed


def _verdict_type() -> dict[str, DataType]:
    from daft import DataType

    text, number = DataType.string(), DataType.float64()
    return {"comparator": text, "score": number, "passed": DataType.bool(), "reason": text}


def _compared(compare: str) -> Callable[[Expression, Expression], Expression]:
    """Questions with their recorded answers, and answers of targets, to the verdicts of each comparator."""
    from daft import DataType, func

    kind = DataType.list(DataType.struct(_verdict_type()))

    @func.batch(return_dtype=kind, batch_size=BATCH, use_process=IN_PROCESSES)
    def compared(asked: Series, came: Series) -> list[Rows]:
        pairs = zip(asked.to_pylist(), came.to_pylist(), strict=True)
        return [_judged(compare, pair_of(question, answer)) for question, answer in pairs]

    return compared


def _judged(compare: str, pair: Pair | None) -> Rows:
    if pair is None:
        return []
    return [_told(each.name, each.compare(pair)) for each in _comparators(compare)]


def _told(name: str, verdict: Verdict) -> dict[str, object]:
    reason = verdict.reason.encode("utf-8", "replace").decode()
    return {"comparator": name, "score": verdict.score, "passed": verdict.passed, "reason": reason}


@lru_cache(maxsize=8)
def _comparators(compare: str) -> tuple[Comparator, ...]:
    """Made once in each process, from what was given on the command line."""
    return offline(compare)
