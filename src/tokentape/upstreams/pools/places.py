"""What is known of one upstream and of its models, whatever the credential."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.upstreams.pools.history import History
from tokentape.upstreams.pools.rest import active

if TYPE_CHECKING:
    from tokentape.upstreams.pools.options import PoolOptions
    from tokentape.upstreams.pools.rest import Rest

_MODELS = 256


class Model:
    """One model of an upstream."""

    def __init__(self, options: PoolOptions) -> None:
        self.history = History(options.model)
        self.rest: Rest | None = None


class Place:
    """One upstream. `host`: connections that failed. `models`: errors of the server, which rest the whole
    upstream only where they come from several models; one bad model is that model's matter.
    """

    def __init__(self, options: PoolOptions) -> None:
        self.rest: Rest | None = None
        self.models: dict[str, Model] = {}
        self.adopt(options)

    def adopt(self, options: PoolOptions) -> None:
        """Other rules: failures of late are forgotten, rests stay."""
        self._options = options
        self.host = History(options.upstream)
        self.servers = History(options.upstream, spread=2)
        for model in self.models.values():
            model.history = History(options.model)

    def model(self, name: str, now: float) -> Model:
        """The state of a model, made when it is first needed."""
        found = self.models.get(name)
        if found is None:
            if len(self.models) >= _MODELS:
                self._forget(now)
            found = self.models[name] = Model(self._options)
        return found

    def _forget(self, now: float) -> None:
        resting = {name: one for name, one in self.models.items() if active(one.rest, now)}
        self.models = dict(list(resting.items())[-_MODELS:])
