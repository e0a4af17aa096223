"""Where a call may go: pure, from what it asks for to candidates in order.

In this order: the upstream that the client named; `upstream/model`; an alias by its exact name; a group by
its name; the first route that fits; the group that has the model among its targets; the upstream that
declares the model; the default upstream. A plain name is never taken for an alias that resembles it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import TYPE_CHECKING

from tokentape.gateway.targets import ALWAYS, Alias, Listed, NoRoute, Resolved, check_name
from tokentape.upstreams.upstream import Candidate

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from tokentape.gateway.targets import Asked, Group, Route, Target, When
    from tokentape.upstreams.upstream import Upstream
    from tokentape.wire.interaction import Json

_MOST_KNOWN = 1_024
"""Clients name models freely."""


@dataclass(frozen=True, slots=True)
class _Found:
    """A candidate on its way; `named` is the model as the target names it."""

    candidate: Candidate
    named: str

    def answers_to(self, model: str) -> bool:
        upstream = self.candidate.upstream.name
        return model in (self.named, self.candidate.model, f"{upstream}/{self.named}", self.candidate.label)


class Router:
    """Resolves calls by one configuration. Names of upstreams, aliases and groups are different."""

    def __init__(
        self,
        upstreams: Iterable[Upstream],
        *,
        aliases: Iterable[Alias] = (),
        groups: Iterable[Group] = (),
        routes: Iterable[Route] = (),
        default: str | None = None,
    ) -> None:
        self.upstreams: Mapping[str, Upstream] = {upstream.name: upstream for upstream in upstreams}
        self._aliases = {alias.name: alias for alias in aliases}
        self._groups = {group.name: group for group in groups}
        self._routes = tuple(routes)
        only = next(iter(self.upstreams), None) if len(self.upstreams) == 1 else None
        self._default = default or only
        self._member_of = dict(self._members())
        self._declared_by = self._declared()
        self.looks_at_class = any(when.kinds for when in self._conditions())
        """True if where a call goes may depend on its request class."""
        self._looks_at_call = any(when != ALWAYS for when in self._conditions())
        self._known: dict[tuple[str, str | None], Resolved] = {}

    def _conditions(self) -> Iterator[When]:
        for route in self._routes:
            yield route.when
            yield from (target.when for target in route.targets)
        held = [named.targets for named in self._aliases.values()]
        held += [named.targets for named in self._groups.values()]
        yield from (target.when for targets in held for target in targets)

    def resolve(self, asked: Asked) -> Resolved:
        """Where the call may go. Raises `NoRoute`, which tells the nearest names.

        Without conditions that follows from two names, and is worked out once for each.
        """
        if self._looks_at_call:
            return self._resolved(asked)
        names = (asked.model, asked.upstream)
        found = self._known.get(names)
        if found is None:
            found = self._resolved(asked)  # which refuses names that are too long to be kept
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            self._known[names] = found
        return found

    def _resolved(self, asked: Asked) -> Resolved:
        check_name(asked.model)
        if asked.upstream is not None:
            return self._pinned(asked, asked.upstream)
        if asked.model:
            by_name = self._by_name(asked)
            if by_name is not None:
                return by_name
        return self._by_rule(asked)

    def _pinned(self, asked: Asked, name: str) -> Resolved:
        """The client named the upstream: nothing else is asked. An alias counts as far as it leads there."""
        upstream = self.upstreams.get(name)
        if upstream is None:
            raise NoRoute(f"there is no upstream {name!r}; {near(name, self.upstreams)}")
        if asked.model in self._aliases or asked.model in self._groups:
            found = [
                one for one in self._expand(asked.model, asked, None) if one.candidate.upstream is upstream
            ]
            if found:
                return Resolved(_ranked(found), alias=asked.model if asked.model in self._aliases else None)
        return Resolved((Candidate(upstream, upstream.own_model(asked.model)),))

    def _by_name(self, asked: Asked) -> Resolved | None:
        model = asked.model
        if self._split(model) is not None:
            return self._in_its_group(asked, None)
        if model in self._aliases:
            return self._in_its_group(asked, model)
        if model in self._groups:
            return self._of_group(self._groups[model], asked, None)
        return None

    def _in_its_group(self, asked: Asked, alias: str | None) -> Resolved:
        """What was named first, then the other targets of its group, if it is in one."""
        first = self._expand(asked.model, asked, None)
        group = self._member_of.get(asked.model)
        if group is None:
            only = self._only_group(alias)
            return self._some(first, asked, Resolved((), alias=alias, group=only.name if only else None))
        others = self._targets(group.targets, asked, None, (group.name,))
        height = _height(first)
        both = [*first, *(_lower(one, height) for one in others)]
        return self._some(both, asked, Resolved((), alias=alias, group=group.name))

    def _only_group(self, alias: str | None) -> Group | None:
        """The group that an alias is another name for: its policy counts."""
        targets = self._aliases[alias].targets if alias is not None else ()
        return self._groups.get(targets[0].to) if len(targets) == 1 else None

    def _of_group(self, group: Group, asked: Asked, plain: str | None) -> Resolved:
        found = self._targets(group.targets, asked, plain, (group.name,))
        resolved = Resolved((), group=group.name)
        return self._some(_promoted(found, plain), asked, resolved)

    def _by_rule(self, asked: Asked) -> Resolved:
        for number, route in enumerate(self._routes, 1):
            if route.when.holds(asked):
                return self._of_route(route, route.name or str(number), asked)
        if asked.model in self._member_of:
            return self._of_group(self._member_of[asked.model], asked, asked.model)
        name = self._declared_by.get(asked.model, self._default)
        if name is not None:
            upstream = self.upstreams[name]
            return Resolved((Candidate(upstream, upstream.own_model(asked.model)),))
        if not asked.model:
            known = ", ".join(self.upstreams) or "none"
            raise NoRoute(
                f"the call names no model; name an upstream with /to/NAME before its path ({known})"
            )
        raise NoRoute(f"no route leads to model {asked.model!r}; {near(asked.model, self._names())}")

    def _of_route(self, route: Route, name: str, asked: Asked) -> Resolved:
        found = self._targets(route.targets, asked, asked.model, ())
        only = route.targets[0].to if len(route.targets) == 1 else ""
        group = self._groups.get(only)
        resolved = Resolved(
            (),
            alias=only if only in self._aliases else None,
            group=group.name if group else None,
            route=name,
        )
        return self._some(_promoted(found, asked.model) if group else found, asked, resolved)

    def _some(self, found: Sequence[_Found], asked: Asked, resolved: Resolved) -> Resolved:
        if not found:
            what = resolved.group or resolved.alias or resolved.route
            raise NoRoute(f"model {asked.model!r}: no target of {what!r} fits this call; see its conditions")
        return replace(resolved, candidates=_ranked(found))

    def _split(self, text: str) -> tuple[Upstream, str] | None:
        """Upstream and model of `upstream/model`."""
        name, _, model = text.partition("/")
        upstream = self.upstreams.get(name)
        return (upstream, model) if upstream is not None and model else None

    def _targets(
        self, targets: Sequence[Target], asked: Asked, plain: str | None, seen: tuple[str, ...]
    ) -> list[_Found]:
        """The candidates of targets whose conditions hold; those that share by weight have the same rank."""
        found: list[_Found] = []
        start, height, shares = 0, 0, False
        for target in targets:
            if not target.when.holds(asked):
                continue
            if not (shares and target.weight is not None):
                start += height
                height = 0
            shares = target.weight is not None
            below = self._expand(target.to, asked, plain, seen)
            found += [_lower(one, start, target.weight or 1.0) for one in below]
            height = max(height, _height(below))
        return found

    def _expand(self, to: str, asked: Asked, plain: str | None, seen: tuple[str, ...] = ()) -> list[_Found]:
        split = self._split(to)
        if split is not None:
            return [_at(*split)]
        if to in seen:
            return []
        if to in self._aliases:
            alias = self._aliases[to]
            found = self._targets(alias.targets, asked, plain, (*seen, to))
            return [_with(one, alias.set) for one in found]
        if to in self._groups:
            return self._targets(self._groups[to].targets, asked, plain, (*seen, to))
        upstream = self.upstreams.get(to)
        if upstream is None:
            return []
        named = plain if plain is not None else asked.model
        is_its_own = plain is not None or named in upstream.models
        return [_at(upstream, named)] if is_its_own else []

    def _members(self) -> Iterator[tuple[str, Group]]:
        """Targets by every name they are asked by; the first group that has one keeps it."""
        for group in reversed(self._groups.values()):
            if not group.keeps_members:
                continue
            for target in group.targets:
                split = self._split(target.to)
                if split is not None:
                    yield split[1], group
                if split is not None or target.to in self._aliases:
                    yield target.to, group

    def _declared(self) -> dict[str, str]:
        declared: dict[str, str] = {}
        for upstream in self.upstreams.values():
            for model in upstream.models:
                declared.setdefault(model, upstream.name)
        return declared

    def _names(self) -> list[str]:
        return [listed.name for listed in self.models_listed()]

    def models_listed(self) -> tuple[Listed, ...]:
        """What clients may ask for: aliases, groups, what upstreams declare, and targets by their models."""
        listed = {alias.name: "alias" for alias in self._aliases.values() if alias.is_listed}
        listed |= {group.name: "group" for group in self._groups.values() if group.is_listed}
        for model, owner in self._declared_by.items():
            listed.setdefault(model, owner)
        for upstream in self.upstreams.values():
            for model in upstream.models:
                listed.setdefault(f"{upstream.name}/{model}", upstream.name)
        for text in self._member_of:
            split = self._split(text)
            if split is not None:
                listed.setdefault(text, split[0].name)
        return tuple(Listed(name, owner) for name, owner in listed.items())


def _at(upstream: Upstream, model: str) -> _Found:
    return _Found(Candidate(upstream, upstream.own_model(model)), model)


def _with(found: _Found, values: Mapping[str, Json]) -> _Found:
    """With the parameters of an alias around it: the name that the client said wins."""
    if not values:
        return found
    return replace(found, candidate=replace(found.candidate, set={**found.candidate.set, **values}))


def _lower(found: _Found, by: int, weight: float = 1.0) -> _Found:
    one = found.candidate
    return replace(found, candidate=replace(one, rank=one.rank + by, weight=one.weight * weight))


def _height(found: Sequence[_Found]) -> int:
    return max((one.candidate.rank for one in found), default=-1) + 1


def _promoted(found: list[_Found], model: str | None) -> list[_Found]:
    """The targets that are the requested model before the others."""
    if model is None:
        return found
    first = [one for one in found if one.answers_to(model)]
    height = _height(found)
    return [*first, *(_lower(one, height) for one in found if not one.answers_to(model))]


def _ranked(found: Sequence[_Found]) -> tuple[Candidate, ...]:
    """In order of rank, none twice, and ranks without gaps."""
    kept: list[Candidate] = []
    for one in sorted((one.candidate for one in found), key=lambda candidate: candidate.rank):
        if not any(one.label == other.label and one.set == other.set for other in kept):
            kept.append(one)
    ranks = {rank: number for number, rank in enumerate(sorted({one.rank for one in kept}))}
    return tuple(replace(one, rank=ranks[one.rank]) for one in kept)


SHOWN = 8
"""Names that a refusal tells."""


def near(name: str, known: Iterable[str]) -> str:
    """The nearest of the known names, or the first of them."""
    names = list(known)
    close = get_close_matches(name, names, 3, 0.6)
    if close:
        return f"did you mean {' or '.join(repr(one) for one in close)}?"
    if not names:
        return "none is configured"
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f"known are {', '.join(names[:SHOWN])}{more}"
