"""Recorded traffic as an evaluation set: ask it again of another model, compare, count, decide.

Reading order: `corpus` (what is evaluated), `asking` (it is asked again), `comparing` (one comparator, one
file), `statistics` (how sure the figures are).
"""
