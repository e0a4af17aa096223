"""The tables of what is done about failures, and of what things cost: policy, pools, classes, prices."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from tokentape.gateway.config.values import Count, Number, Positive, Seconds, Table, Text, Texts
from tokentape.upstreams.pools.options import Cooling, PoolOptions
from tokentape.upstreams.retrying import RetryOptions

_RETRY, _POOLS, _COOLING = RetryOptions(), PoolOptions(), Cooling()


class RetryTable(Table):
    """`[policy.retry]`: how one target is tried again."""

    budget: Seconds = Field(
        default=_RETRY.budget, description="bounds a call, up to the start of its last attempt"
    )
    max_retries: Number = Field(default=_RETRY.max_retries, description="retries for each key and target")
    max_attempts: Count = Field(default=_RETRY.max_attempts, description="attempts of a call")
    same_key_below: Seconds = Field(
        default=_RETRY.same_key_below, description="a key that rests for less than this is waited for"
    )
    base: Seconds = Field(
        default=_RETRY.base, description="the first wait before a retry, at most (it is random)"
    )
    most: Seconds = Field(default=_RETRY.most, description="the longest wait before a retry")


class CoolingTable(Table):
    """When failures make a rest."""

    threshold: Annotated[int, Field(ge=2)] = Field(
        default=_COOLING.threshold, description="so many calls failed, and none succeeded since"
    )
    window: Positive = Field(default=_COOLING.window, description="within this time")
    base: Positive = Field(
        default=_COOLING.base, description="the first rest; each one in a row is twice as long"
    )
    most: Positive = Field(default=_COOLING.most, description="the longest rest")


class PoolsTable(Table):
    """`[policy.pools]`: how keys are chosen, and how long they rest."""

    tolerance: Annotated[float, Field(ge=0, allow_inf_nan=False)] = Field(
        default=_POOLS.tolerance, description="how far `balanced` may stray from the least used key"
    )
    fair_cycle: bool = Field(
        default=_POOLS.fair_cycle,
        description="a used-up key rests until the others of its tier are used up, too",
    )
    cycle: Seconds = Field(default=_POOLS.cycle, description="the longest such rest")
    used_up: Seconds = Field(default=_POOLS.used_up, description="a rest that long is being used up")
    dead_rest: Seconds = Field(default=_POOLS.dead_rest, description="the rest of a key that was refused")
    quota_rest: Seconds = Field(
        default=_POOLS.quota_rest, description="the rest after a quota that does not say when it resets"
    )
    key: CoolingTable = Field(default=CoolingTable(), description="failures of a key")
    model: CoolingTable = Field(default=CoolingTable(), description="failures of a model with a key")
    upstream: CoolingTable = Field(default=CoolingTable(), description="failures of an upstream")


class PolicyTable(Table):
    """`[policy]`: what is done about losses and failures."""

    losses: Literal["warn", "strict"] = Field(
        default="warn",
        description="`strict`: a translation that loses anything is refused; `warn`: one that changes "
        "the meaning",
    )
    heartbeat: Seconds = Field(
        default=15.0,
        description="a silent stream gets a sign of life that often, valid in its dialect; 0: none",
    )
    retry: RetryTable = Field(default=RetryTable(), description="how one target is tried again")
    pools: PoolsTable = Field(default=PoolsTable(), description="how keys are chosen, and how long they rest")
    failover_on: Texts | None = Field(
        default=None, description="the whole list of failures after which the next target is asked"
    )
    stop_on: Texts | None = Field(default=None, description="failures that stop, taken from the usual list")
    stream: Literal["pre_output_only", "never"] = Field(
        default="pre_output_only", description="streams fall back before visible output only, or never"
    )
    only_affinity: bool = Field(
        default=False, description="`true`: a conversation that is bound to a key is never asked with another"
    )


class ClassTable(Table):
    """`[[classes]]`: requests for which all of this holds are of a class; the first one that fits counts."""

    name: Text = Field(description="`main`, `background`, `title`, `compaction`, or your own")
    model: Texts = Field(default=(), description="globs for the model")
    headers: dict[str, Text] = Field(
        default_factory=dict, description="header fields and globs for their values"
    )
    max_tokens: Number | None = Field(default=None, description="the request allows no more tokens than that")
    system: Texts = Field(default=(), description="the system text holds one of these")
    last: Texts = Field(default=(), description="the last message holds one of these")
    tools: bool | None = Field(default=None, description="whether the request brings tools")
    dialect: Texts = Field(default=(), description="dialects of the client")

    @model_validator(mode="after")
    def _says_something(self) -> "ClassTable":
        if self.model_fields_set <= {"name"}:
            raise ValueError("says nothing of a request; add a condition")
        return self


RATE = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class PriceTable(Table):
    """`[prices."MODEL"]`: what a model costs, in USD; searches and requests by thousands."""

    unit: Literal["1M", "1K"] = Field(description="the tokens that the rates are for: `1M` or `1K`")
    input: RATE | None = Field(default=None, description="the prompt")
    output: RATE | None = Field(default=None, description="the answer")
    cache_read: RATE | None = Field(default=None, description="prompt from the cache; else as `input`")
    cache_write: RATE | None = Field(default=None, description="prompt into the cache; else as `input`")
    cache_write_1h: RATE | None = Field(
        default=None, description="prompt into the cache for an hour; else as `cache_write`"
    )
    reasoning: RATE | None = Field(default=None, description="thoughts; else as `output`")
    audio_input: RATE | None = Field(default=None, description="sound in the prompt")
    audio_cached: RATE | None = Field(default=None, description="sound from the cache")
    audio_output: RATE | None = Field(default=None, description="sound in the answer")
    image_input: RATE | None = Field(default=None, description="pictures in the prompt")
    image_cached: RATE | None = Field(default=None, description="pictures from the cache")
    image_output: RATE | None = Field(default=None, description="pictures in the answer")
    video_input: RATE | None = Field(default=None, description="videos in the prompt")
    searches: RATE | None = Field(default=None, description="a thousand searches")
    requests: RATE | None = Field(default=None, description="a thousand requests")

    @model_validator(mode="before")
    @classmethod
    def _has_a_unit(cls, value: object) -> object:
        """A price for a thousand tokens that is read as one for a million is wrong by a thousand, unseen."""
        if isinstance(value, dict) and "unit" not in value:
            raise ValueError('the price has no unit; add unit = "1M" (USD per million tokens) or "1K"')
        return value

    @model_validator(mode="after")
    def _says_a_rate(self) -> "PriceTable":
        if self.model_fields_set <= {"unit"}:
            raise ValueError("says no rate; add input and output")
        return self
