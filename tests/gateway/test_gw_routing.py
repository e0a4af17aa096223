"""Where a call may go, by name and by rule."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokentape.gateway.routing import Router
from tokentape.gateway.targets import Alias, Asked, Group, NoRoute, Route, Target, Traits, When
from tokentape.protocols.dialect import Kind
from tokentape.upstreams.upstream import Upstream


class NoAuth:
    async def signed(self, request, secret):
        return request


def upstream(name, *models, **mapped):
    return Upstream(
        name, "openai.chat", f"https://{name}.test/v1", NoAuth(), models={**{m: m for m in models}, **mapped}
    )


OPENAI = upstream("openai", "gpt-5", "gpt-5-mini")
AZURE = upstream("azure", **{"gpt-5": "prod-gpt5"})
CLAUDE = upstream("anthropic", "claude-haiku-4-5")
OPENROUTER = upstream("openrouter")
ALL = (OPENAI, AZURE, CLAUDE, OPENROUTER)


def asked(model, **given):
    return Asked(model, "openai.chat", **given)


def targets(*names):
    return tuple(name if isinstance(name, Target) else Target(name) for name in names)


def labels(resolved):
    return [(one.label, one.rank) for one in resolved.candidates]


def names(resolved):
    return [one.label for one in resolved.candidates]


def test_upstream_and_model():
    assert names(Router(ALL).resolve(asked("anthropic/claude-x"))) == ["anthropic/claude-x"]


def test_the_model_is_the_upstreams_own():
    assert names(Router(ALL).resolve(asked("azure/gpt-5"))) == ["azure/prod-gpt5"]


def test_a_slash_alone_names_no_upstream():
    router = Router(ALL, default="openrouter")
    assert names(router.resolve(asked("meta-llama/llama-4"))) == ["openrouter/meta-llama/llama-4"]


def test_the_only_upstream_is_the_default():
    assert names(Router([OPENROUTER]).resolve(asked("anything"))) == ["openrouter/anything"]


def test_a_call_without_a_model_goes_to_the_default():
    assert names(Router(ALL, default="openai").resolve(asked(""))) == ["openai/"]


def test_a_call_without_a_model_and_a_default_is_refused():
    with pytest.raises(NoRoute, match=r"names no model; name an upstream with /to/NAME.*openai, azure"):
        Router(ALL).resolve(asked(""))


def test_the_named_upstream_wins_over_everything():
    group = Group("both", targets("openai/gpt-5", "azure/gpt-5"))
    router = Router(ALL, groups=[group], routes=[Route(When(), targets("anthropic"))])
    assert names(router.resolve(asked("gpt-5", upstream="openrouter"))) == ["openrouter/gpt-5"]
    assert names(router.resolve(asked("openai/gpt-5", upstream="openrouter"))) == ["openrouter/openai/gpt-5"]


def test_the_named_upstream_and_an_alias_that_leads_there():
    alias = Alias("fast", targets("openai/gpt-5-mini", "azure/gpt-5"), {"temperature": 0})
    resolved = Router(ALL, aliases=[alias]).resolve(asked("fast", upstream="azure"))
    assert names(resolved) == ["azure/prod-gpt5"]
    assert resolved.candidates[0].set == {"temperature": 0}
    assert resolved.alias == "fast"


def test_an_alias_that_does_not_lead_to_the_named_upstream_is_a_model_there():
    alias = Alias("fast", targets("openai/gpt-5-mini"))
    resolved = Router(ALL, aliases=[alias]).resolve(asked("fast", upstream="azure"))
    assert names(resolved) == ["azure/fast"]


def test_an_unknown_named_upstream_tells_the_nearest():
    with pytest.raises(NoRoute, match="there is no upstream 'opena'; did you mean 'openai'"):
        Router(ALL).resolve(asked("gpt-5", upstream="opena"))


def test_an_alias_sets_parameters():
    alias = Alias("gpt-5-high", targets("openai/gpt-5"), {"effort": "high"})
    resolved = Router(ALL, aliases=[alias]).resolve(asked("gpt-5-high"))
    assert names(resolved) == ["openai/gpt-5"]
    assert resolved.candidates[0].set == {"effort": "high"}


@pytest.mark.parametrize("name", ["gpt-5", "GPT-5-high", "gpt-5-high ", "openai/gpt-5"])
def test_a_plain_name_is_never_rewritten_to_an_alias(name):
    alias = Alias("gpt-5-high", targets("openai/gpt-5"), {"effort": "high"})
    resolved = Router(ALL, aliases=[alias], default="openai").resolve(asked(name))
    assert resolved.alias is None
    assert resolved.candidates[0].set == {}


def test_an_alias_of_an_alias_keeps_what_the_outer_one_sets():
    inner = Alias("low", targets("openai/gpt-5"), {"effort": "low", "temperature": 0})
    outer = Alias("lowish", targets("low"), {"effort": "medium"})
    (one,) = Router(ALL, aliases=[inner, outer]).resolve(asked("lowish")).candidates
    assert one.set == {"effort": "medium", "temperature": 0}


def test_a_group_in_order():
    group = Group("big", targets("openai/gpt-5", "anthropic/claude-x", "azure/gpt-5"), max_targets=2)
    resolved = Router(ALL, groups=[group]).resolve(asked("big"))
    assert labels(resolved) == [("openai/gpt-5", 0), ("anthropic/claude-x", 1), ("azure/prod-gpt5", 2)]
    assert resolved.group == "big"


def test_another_name_for_a_group_has_its_policy():
    group = Group("big", targets("openai/gpt-5", "anthropic/claude-x"))
    aliases = [Alias("best", targets("big")), Alias("both", targets("big", "azure/gpt-5"))]
    router = Router(ALL, groups=[group], aliases=aliases)
    found = [router.resolve(asked(name)) for name in ("best", "both")]
    assert [(one.alias, one.group) for one in found] == [("best", "big"), ("both", None)]


def test_targets_with_weights_share_a_rank():
    group = Group(
        "big",
        targets(Target("openai/gpt-5", 3), Target("azure/gpt-5", 1), "anthropic/x", Target("openai/z", 1)),
    )
    resolved = Router(ALL, groups=[group]).resolve(asked("big"))
    assert [(one.label, one.rank, one.weight) for one in resolved.candidates] == [
        ("openai/gpt-5", 0, 3.0),
        ("azure/prod-gpt5", 0, 1.0),
        ("anthropic/x", 1, 1.0),
        ("openai/z", 2, 1.0),
    ]


def test_a_group_in_a_group_by_weight():
    inner = Group("inner", targets("openai/gpt-5", "azure/gpt-5"))
    outer = Group("outer", targets(Target("inner", 3), Target("anthropic/x", 1), "openai/last"))
    resolved = Router(ALL, groups=[inner, outer]).resolve(asked("outer"))
    assert [(one.label, one.rank, one.weight) for one in resolved.candidates] == [
        ("openai/gpt-5", 0, 3.0),
        ("anthropic/x", 0, 1.0),
        ("azure/prod-gpt5", 1, 3.0),
        ("openai/last", 2, 1.0),
    ]


@pytest.mark.parametrize("model", ["azure/gpt-5", "anthropic/claude-x", "claude-x"])
def test_the_requested_model_is_first_within_its_group(model):
    group = Group("big", targets("openai/o9", "anthropic/claude-x", "azure/gpt-5"))
    resolved = Router(ALL, groups=[group]).resolve(asked(model))
    assert resolved.group == "big"
    assert len(resolved.candidates) == 3
    first = resolved.candidates[0]
    assert first.rank == 0
    assert model in (first.label, "azure/gpt-5", "claude-x")
    assert [one.rank for one in resolved.candidates] == [0, 1, 2]


def test_an_alias_that_is_a_target_falls_back_with_its_parameters():
    alias = Alias("deep", targets("openai/gpt-5"), {"effort": "high"})
    group = Group("big", targets("anthropic/x", "deep"))
    resolved = Router(ALL, aliases=[alias], groups=[group]).resolve(asked("deep"))
    assert names(resolved) == ["openai/gpt-5", "anthropic/x"]
    assert [dict(one.set) for one in resolved.candidates] == [{"effort": "high"}, {}]


def test_members_may_be_kept_alone():
    group = Group("big", targets("openai/gpt-5", "anthropic/x"), keeps_members=False)
    router = Router(ALL, groups=[group])
    assert names(router.resolve(asked("openai/gpt-5"))) == ["openai/gpt-5"]


def test_a_route_to_a_group_puts_the_requested_model_first():
    group = Group("big", targets("openai/gpt-5", "anthropic/claude-x"))
    route = Route(When(models=("claude-*",)), targets("big"))
    resolved = Router(ALL, groups=[group], routes=[route]).resolve(asked("claude-x"))
    assert names(resolved) == ["anthropic/claude-x", "openai/gpt-5"]
    assert (resolved.group, resolved.route) == ("big", "1")


def test_upstreams_in_a_group_are_asked_for_the_requested_model():
    group = Group("anywhere", targets("openai", "openrouter"))
    route = Route(When(models=("gpt-*",)), targets("anywhere"))
    router = Router(ALL, groups=[group], routes=[route])
    assert names(router.resolve(asked("gpt-9"))) == ["openai/gpt-9", "openrouter/gpt-9"]


def test_an_upstream_is_not_asked_for_the_name_of_a_group():
    with pytest.raises(NoRoute, match="no target of 'anywhere' fits"):
        Router(ALL, groups=[Group("anywhere", targets("openai"))]).resolve(asked("anywhere"))


CONDITIONS = [
    (When(models=("claude-*", "gpt-?")), {"model": "gpt-5"}, {"model": "gpt-55"}),
    (When(kinds=("background", "title")), {"kind": "title"}, {"kind": None}),
    (When(kinds=("main",)), {"kind": None}, {"kind": "title"}),
    (When(dialects=("gemini",)), {"dialect": "gemini"}, {"dialect": "ollama"}),
    (When(operations=("embed",)), {"operation": Kind.EMBED}, {"operation": Kind.GENERATE}),
    (When(clients=("team-*",)), {"client": "team-a"}, {"client": "-"}),
    (When(headers=(("X-Tier", "gold*"),)), {"headers": (("x-tier", "golden"),)}, {"headers": ()}),
    (
        When(headers=(("X-Tier", "gold"),)),
        {"headers": (("x-tier", "gold"),)},
        {"headers": (("x-tier", "a"),)},
    ),
    (
        When(has=frozenset({"images", "tools"})),
        {"traits": lambda: Traits(frozenset({"images", "tools", "audio"}))},
        {"traits": lambda: Traits(frozenset({"images"}))},
    ),
    (When(tokens_over=10), {"traits": lambda: Traits(tokens=11)}, {"traits": lambda: Traits(tokens=10)}),
    (When(tokens_under=10), {"traits": lambda: Traits(tokens=9)}, {"traits": lambda: Traits(tokens=10)}),
]


@pytest.mark.parametrize(("when", "holds", "fails"), CONDITIONS, ids=range(len(CONDITIONS)))
def test_conditions(when, holds, fails):
    router = Router(ALL, routes=[Route(when, targets("openai/yes")), Route(When(), targets("openai/no"))])
    assert names(router.resolve(replace(asked("m"), **holds))) == ["openai/yes"]
    assert names(router.resolve(replace(asked("m"), **fails))) == ["openai/no"]


def test_traits_are_only_looked_for_where_a_condition_asks():
    def never():
        raise AssertionError

    route = Route(When(models=("x",), has=frozenset({"images"})), targets("openai/a"))
    router = Router(ALL, routes=[route], default="openai")
    assert names(router.resolve(asked("m", traits=never))) == ["openai/m"]


def test_conditions_on_targets():
    group = Group(
        "big",
        targets(
            Target("anthropic/small", when=When(kinds=("background",))),
            Target("openai/long", when=When(tokens_over=100)),
            "azure/gpt-5",
        ),
    )
    router = Router(ALL, groups=[group])
    assert names(router.resolve(asked("big"))) == ["azure/prod-gpt5"]
    assert names(router.resolve(asked("big", kind="background"))) == ["anthropic/small", "azure/prod-gpt5"]
    assert names(router.resolve(asked("big", traits=lambda: Traits(tokens=500)))) == [
        "openai/long",
        "azure/prod-gpt5",
    ]


def test_no_target_fits():
    group = Group("big", targets(Target("anthropic/small", when=When(kinds=("background",)))))
    with pytest.raises(NoRoute, match="model 'big': no target of 'big' fits this call") as told:
        Router(ALL, groups=[group]).resolve(asked("big"))
    assert told.value.status == 404


def test_the_first_route_that_fits():
    routes = [
        Route(When(models=("gpt-*",)), targets("azure"), name="ours"),
        Route(When(models=("*",)), targets("openrouter")),
    ]
    router = Router(ALL, routes=routes)
    assert router.resolve(asked("gpt-5")).route == "ours"
    assert names(router.resolve(asked("gpt-5"))) == ["azure/prod-gpt5"]
    assert names(router.resolve(asked("other"))) == ["openrouter/other"]


def test_the_upstream_that_declares_a_model_before_the_default():
    router = Router(ALL, default="openrouter")
    assert names(router.resolve(asked("claude-haiku-4-5"))) == ["anthropic/claude-haiku-4-5"]
    assert names(router.resolve(asked("gpt-5"))) == ["openai/gpt-5"]
    assert names(router.resolve(asked("gpt-7"))) == ["openrouter/gpt-7"]


def test_an_unknown_model_tells_the_nearest_names():
    alias = Alias("fast", targets("openai/gpt-5-mini"))
    router = Router(ALL, aliases=[alias])
    with pytest.raises(NoRoute, match=r"no route leads to model 'gtp-5'; did you mean 'gpt-5'"):
        router.resolve(asked("gtp-5"))
    with pytest.raises(NoRoute, match=r"'zzz'; known are fast, slow, gpt-5, gpt-5-mini.* and 1 more"):
        Router(ALL, aliases=[alias, Alias("slow", targets("openai/gpt-5"))]).resolve(asked("zzz"))


def test_nothing_is_configured():
    with pytest.raises(NoRoute, match="no route leads to model 'x'; none is configured"):
        Router([]).resolve(asked("x"))


def test_a_target_that_leads_to_itself_is_passed_over():
    groups = [Group("a", targets("b", "openai/x")), Group("b", targets("a", "azure/y"))]
    assert names(Router(ALL, groups=groups).resolve(asked("a"))) == ["azure/y", "openai/x"]


def test_a_target_that_is_nowhere_is_passed_over():
    assert names(Router(ALL, groups=[Group("a", targets("gone", "openai/x"))]).resolve(asked("a"))) == [
        "openai/x"
    ]


def test_models_listed():
    alias = Alias("fast", targets("openai/gpt-5-mini"))
    hidden = Alias("secret", targets("openai/gpt-5"), is_listed=False)
    group = Group("big", targets("openai/gpt-9", "anthropic/claude-haiku-4-5"))
    listed = Router(ALL, aliases=[alias, hidden], groups=[group]).models_listed()
    assert [(one.name, one.owner) for one in listed] == [
        ("fast", "alias"),
        ("big", "group"),
        ("gpt-5", "openai"),
        ("gpt-5-mini", "openai"),
        ("claude-haiku-4-5", "anthropic"),
        ("openai/gpt-5", "openai"),
        ("openai/gpt-5-mini", "openai"),
        ("azure/gpt-5", "azure"),
        ("anthropic/claude-haiku-4-5", "anthropic"),
        ("openai/gpt-9", "openai"),
    ]


def test_everything_listed_can_be_asked_for():
    router = Router(ALL, groups=[Group("big", targets("openai/gpt-9", "anthropic/y"))])
    for listed in router.models_listed():
        assert router.resolve(asked(listed.name)).candidates


NAMES = st.sampled_from(["a", "b", "c", "openai/x", "azure/gpt-5", "openai", "gone"])
TARGETS = st.lists(st.builds(Target, NAMES, st.sampled_from([None, 1.0, 2.0])), max_size=4).map(tuple)


@given(
    groups=st.lists(st.builds(Group, st.sampled_from(["a", "b", "c"]), TARGETS), max_size=3),
    aliases=st.lists(st.builds(Alias, st.sampled_from(["d", "e"]), TARGETS), max_size=2),
    model=st.sampled_from(["a", "b", "d", "openai/x", "gpt-5", "x", "nothing"]),
)
def test_ranks_have_no_gaps_and_nothing_is_there_twice(groups, aliases, model):
    router = Router(ALL, groups=groups, aliases=aliases, default="openrouter")
    try:
        candidates = router.resolve(asked(model)).candidates
    except NoRoute:
        return
    ranks = [one.rank for one in candidates]
    assert ranks == sorted(ranks)
    assert set(ranks) == set(range(len(set(ranks))))
    assert len({one.label for one in candidates}) == len(candidates)
