"""What no table can know alone: names that lead somewhere, loops, what hides what."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tokentape.errors import UsageError
from tokentape.gateway.config import checks_upstreams
from tokentape.gateway.config.document import Document
from tokentape.gateway.config.routes import TargetTable, WhenTable
from tokentape.gateway.config.wording import dotted, near, nth_kept
from tokentape.gateway.targets import TRAITS
from tokentape.protocols.dialect import Kind
from tokentape.protocols.table import dialects
from tokentape.upstreams.parameters import PARAMETERS, misfit
from tokentape.upstreams.retrying import moving

Numbers = Mapping[str, list[int]]


@dataclass(frozen=True, slots=True)
class Names:
    """Every name in the file, those of entries that are wrong included: they are wrong for one reason."""

    upstreams: frozenset[str]
    aliases: frozenset[str]
    groups: frozenset[str]
    clients: frozenset[str] = frozenset()

    @property
    def all(self) -> frozenset[str]:
        """What a target may be called, beside `upstream/model`."""
        return self.upstreams | self.aliases | self.groups


def check(document: Document, raw: Mapping[str, object], removed: Numbers) -> list[str]:
    """What is wrong with a document whose tables are right by themselves. `removed`: entries of lists that
    were not.
    """
    clients = frozenset(client.name for client in document.server.keys)
    names = Names(_keys(raw, "upstreams"), _keys(raw, "models"), _keys(raw, "groups"), clients)
    return [
        *_defaults(document, names),
        *checks_upstreams.check(document),
        *_taken(names),
        *_hiding(document, names),
        *_aliases(document, names),
        *_groups(document, names),
        *_routes(document, names, removed.get("routes", [])),
        *_fields(document, names, removed.get("field_rules", [])),
        *_loops(document),
        *_policy(document),
        *_server(document),
    ]


def _keys(raw: Mapping[str, object], section: str) -> frozenset[str]:
    table = raw.get(section)
    return frozenset(map(str, table)) if isinstance(table, dict) else frozenset()


def _defaults(document: Document, names: Names) -> Iterator[str]:
    if document.default is not None and document.default not in names.upstreams:
        nearest = near(document.default, names.upstreams)
        yield f"default: there is no upstream {document.default!r}; {nearest}"
    leads = [name for name in ("models", "groups", "routes") if getattr(document, name)]
    if leads and not names.upstreams:
        yield f"{leads[0]}: lead nowhere, since there is no upstream; add [upstreams.NAME]"


def _taken(names: Names) -> Iterator[str]:
    for name in sorted(names.aliases & names.upstreams):
        yield f"{dotted(('models', name))}: the name is taken by {dotted(('upstreams', name))}; rename one"
    for name in sorted(names.groups & (names.upstreams | names.aliases)):
        other = "models" if name in names.aliases else "upstreams"
        yield f"{dotted(('groups', name))}: the name is taken by {dotted((other, name))}; rename one"


def _hiding(document: Document, names: Names) -> Iterator[str]:
    """A plain name stays the model it names: nothing of ours may stand before it."""
    declared = {model: name for name, each in document.upstreams.items() for model in each.models}
    for section, known in (("models", names.aliases), ("groups", names.groups)):
        for name in sorted(known):
            place = dotted((section, name))
            upstream = name.partition("/")[0]
            if "/" in name and upstream in names.upstreams:
                yield f"{place}: is hidden by upstream {upstream!r}: upstream/model goes first; rename it"
            elif name in declared:
                where = dotted(("upstreams", declared[name], "models"))
                yield f"{place}: hides a model of {where}; give it a name of its own"
    for name, alias in document.models.items():
        if alias.set and any(target.to.partition("/")[2] == name for target in alias.to):
            yield (
                f"{dotted(('models', name))}: has the plain name of its model and sets parameters; "
                f"give it a name of its own, such as {name + '-custom'!r}"
            )


def _aliases(document: Document, names: Names) -> Iterator[str]:
    for name, alias in document.models.items():
        place = ("models", name)
        yield from _targets(alias.to, (*place, "to"), names, wants_model=True)
        for parameter, value in alias.set.items():
            where = dotted((*place, "set", parameter))
            if parameter not in PARAMETERS:
                yield f"{where}: unknown parameter; {near(parameter, PARAMETERS)}"
            elif problem := misfit(parameter, value):
                yield f"{where}: {problem}"


def _groups(document: Document, names: Names) -> Iterator[str]:
    for name, group in document.groups.items():
        place = ("groups", name)
        yield from _targets(group.targets, (*place, "targets"), names, wants_model=False)
        yield from _moving(group.failover_on, group.stop_on, dotted(place))


def _routes(document: Document, names: Names, removed: list[int]) -> Iterator[str]:
    takes_all: str | None = None
    for number, route in enumerate(document.routes):
        place = ("routes", nth_kept(number, removed))
        if takes_all is not None:
            yield f"{dotted(place)}: is never reached, since {takes_all} takes every call; put it first"
        if route.when == WhenTable():
            takes_all = takes_all or dotted(place)
        yield from _when(route.when, (*place, "when"), names)
        yield from _targets(route.to, (*place, "to"), names, wants_model=False)


def _targets(
    targets: Sequence[TargetTable], place: tuple[str | int, ...], names: Names, *, wants_model: bool
) -> Iterator[str]:
    seen: dict[str, int] = {}
    for number, target in enumerate(targets):
        where = dotted((*place, number))
        yield from _when(target.when, (*place, number, "when"), names)
        problem = _target(target.to, names, wants_model)
        if problem:
            yield f"{where}: {problem}"
        elif target.to in seen and target.when == targets[seen[target.to]].when:
            yield f"{where}: {target.to!r} stands here twice; take one out"
        seen.setdefault(target.to, number)


def _target(to: str, names: Names, wants_model: bool) -> str:
    upstream, slash, model = to.partition("/")
    if to in names.aliases | names.groups:
        return ""
    if to in names.upstreams:
        return f"name the model, too: {to + '/MODEL'!r}" if wants_model else ""
    if slash and upstream in names.upstreams:
        return "" if model else f"name the model, too: {upstream + '/MODEL'!r}"
    if slash:
        return f"there is no upstream {upstream!r}; {near(upstream, names.upstreams)}"
    return f"nothing is called {to!r}; {near(to, names.all)} (a model is written as upstream/model)"


def _when(when: WhenTable, place: tuple[str | int, ...], names: Names) -> Iterator[str]:
    known = {
        "dialect": (when.dialect, frozenset(dialect.name for dialect in dialects()) if when.dialect else ()),
        "operation": (when.operation, frozenset(map(str, Kind))),
        "has": (when.has, frozenset(TRAITS)),
        "client": ([name for name in when.client if not _GLOB.search(name)], names.clients | {"-"}),
    }
    for name, (values, allowed) in known.items():
        for value in values:
            if value not in allowed:
                yield f"{dotted((*place, name))}: {value!r} is not known; {near(value, allowed)}"
    over, under = when.tokens_over, when.tokens_under
    if over is not None and under is not None and over + 1 >= under:
        yield f"{dotted(place)}: no request is over and under these tokens; mend one of them"


_GLOB = re.compile(r"[*?\[]")


def _fields(document: Document, names: Names, removed: list[int]) -> Iterator[str]:
    for number, rule in enumerate(document.field_rules):
        for name in rule.upstreams:
            if not _GLOB.search(name) and name not in names.upstreams:
                place = dotted(("field_rules", nth_kept(number, removed), "upstreams"))
                yield f"{place}: there is no upstream {name!r}; {near(name, names.upstreams)}"


def _loops(document: Document) -> Iterator[str]:
    """Aliases and groups that lead back to themselves; each loop is told once."""
    leads = {name: (dotted(("models", name)), alias.to) for name, alias in document.models.items()}
    leads |= {name: (dotted(("groups", name)), group.targets) for name, group in document.groups.items()}
    told: set[frozenset[str]] = set()
    for name in leads:
        loop = _loop(name, leads)
        if loop and frozenset(loop) not in told:
            told.add(frozenset(loop))
            yield f"{leads[name][0]}: leads back to itself: {' -> '.join(loop)}; take one of the targets out"


def _loop(start: str, leads: Mapping[str, tuple[str, Sequence[TargetTable]]]) -> list[str]:
    """The way from `start` back to it, if there is one."""
    waiting: list[list[str]] = [[start]]
    seen: set[str] = set()
    while waiting:
        way = waiting.pop()
        for target in leads[way[-1]][1]:
            if target.to == start:
                return [*way, start]
            if target.to in leads and target.to not in seen:
                seen.add(target.to)
                waiting.append([*way, target.to])
    return []


def _policy(document: Document) -> Iterator[str]:
    yield from _moving(document.policy.failover_on, document.policy.stop_on, "policy")


def _moving(failover_on: Sequence[str] | None, stop_on: Sequence[str] | None, place: str) -> Iterator[str]:
    try:
        moving(failover_on, stop_on)
    except UsageError as error:
        said = str(error)
        yield f"{place}.{said}" if said.startswith(("failover_on:", "stop_on:")) else f"{place}: {said}"


def _server(document: Document) -> Iterator[str]:
    seen: dict[str, int] = {}
    for number, client in enumerate(document.server.keys):
        if client.name in seen:
            other = f"server.keys[{seen[client.name]}]"
            yield f"server.keys[{number}].name: {client.name!r} is taken by {other}; rename one"
        seen.setdefault(client.name, number)
    if document.server.workers > 1 and document.responses.store == "memory":
        yield (
            f'responses.store: {document.server.workers} workers do not share memory; write "sqlite:PATH", '
            "or leave it out"
        )
