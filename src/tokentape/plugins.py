"""What other packages add under a name, by their entry points; found once a name is none of ours."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Container
    from importlib.metadata import EntryPoint


def registered(group: str, ours: Container[str], what: str) -> dict[str, EntryPoint]:
    """The entry points of a group by name, none of them loaded. `what` they are, in the plural. Raises
    `UsageError` where two claim one name, or one claims one of `ours`.
    """
    from importlib.metadata import entry_points

    found: dict[str, EntryPoint] = {}
    for point in entry_points(group=group):
        if point.name in found or point.name in ours:
            other = found[point.name].value if point.name in found else "tokentape itself"
            raise UsageError(
                f"two {what} are called {point.name!r}: {other} and {point.value}; uninstall one of them"
            )
        found[point.name] = point
    return found
