"""The matrix of SDKs, as far as this environment has them: each cell is a test."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))

from matrix.catalog import catalog
from matrix.environments import ENVIRONMENTS
from matrix.run import cell
from matrix.scenarios import SCENARIOS

CELLS = [
    pytest.param(name, side, scenario, sdk.hosts, id=f"{sdk.name}-{name}-{scenario.name}")
    for sdk in catalog().values()
    if sdk.is_here and not sdk.not_run
    for name, side in sdk.sides.items()
    for scenario in SCENARIOS
    if not isinstance(side, str) and not isinstance(scenario.sends(side), str)
]


@pytest.mark.parametrize(("name", "side", "scenario", "hosts"), CELLS)
def test_recorded_and_replayed(name, side, scenario, hosts):
    result = cell(name, side, scenario, hosts)
    assert (result.verdict, result.note if result.verdict == "failed" else "") == ("ok", "")


def test_every_entry_is_in_an_environment_and_every_environment_names_entries():
    named = {name for environment in ENVIRONMENTS.values() for name in environment.sdks}
    assert named == set(catalog())
