"""How sure the figures are: intervals, paired tests, and what a corpus of this size can show at all.

Reading order: `estimate` (a figure with its interval), `comparison` (two runs over the same rows: what all
the others are for), `standing` (what that lets one say), `words`. The others hold one method each. Only the
standard library is used; tests hold it against scipy.
"""
