"""From the tables of names and rules to the router, and to the policies of groups."""

from collections.abc import Iterable, Sequence

from tokentape.gateway.classes import ClassRule
from tokentape.gateway.config.document import Document
from tokentape.gateway.config.routes import TargetTable, WhenTable
from tokentape.gateway.routing import Router
from tokentape.gateway.targets import Alias, Group, Route, Target, When
from tokentape.upstreams.retrying import Policy, RetryOptions, moving
from tokentape.upstreams.upstream import Upstream


def router_of(document: Document, upstreams: Iterable[Upstream]) -> Router:
    """The router."""
    return Router(
        upstreams,
        aliases=[
            Alias(name, _targets(alias.to), alias.set, alias.listed)
            for name, alias in document.models.items()
        ],
        groups=[
            Group(name, _targets(group.targets), group.max_targets, group.members, group.listed)
            for name, group in document.groups.items()
        ],
        routes=[Route(_when(route.when), _targets(route.to), route.name or "") for route in document.routes],
        default=document.default,
    )


def _targets(tables: Sequence[TargetTable]) -> tuple[Target, ...]:
    return tuple(Target(each.to, each.weight, _when(each.when)) for each in tables)


def _when(table: WhenTable) -> When:
    return When(
        models=table.model,
        kinds=table.class_,
        dialects=table.dialect,
        operations=table.operation,
        clients=table.client,
        headers=tuple(table.headers.items()),
        has=frozenset(table.has),
        tokens_over=table.tokens_over,
        tokens_under=table.tokens_under,
    )


def policy_of(document: Document) -> Policy:
    """What is done about failures."""
    said = document.policy
    return Policy(
        RetryOptions(**said.retry.model_dump()),
        moving(said.failover_on, said.stop_on),
        said.stream,
        only_affinity=said.only_affinity,
    )


def policies_of(document: Document) -> dict[str, Policy]:
    """The policies of the groups: what they do not say is as for all."""
    said = document.policy
    usual = policy_of(document)
    policies = {}
    for name, group in document.groups.items():
        moves = group.failover_on if group.failover_on is not None else said.failover_on
        stops = group.stop_on if group.stop_on is not None else said.stop_on
        if group.failover_on is not None and group.stop_on is None:
            stops = None  # the list of the group is the whole list
        policies[name] = Policy(
            usual.retry,
            moving(moves, stops),
            group.stream or usual.streaming,
            group.max_targets,
            usual.only_affinity,
        )
    return policies


def classes_of(document: Document) -> tuple[ClassRule, ...]:
    """The rules for what a request is for."""
    return tuple(
        ClassRule(
            each.name,
            models=each.model,
            headers=tuple(each.headers.items()),
            max_tokens=each.max_tokens,
            system=each.system,
            last=each.last,
            tools=each.tools,
            dialects=each.dialect,
        )
        for each in document.classes
    )
