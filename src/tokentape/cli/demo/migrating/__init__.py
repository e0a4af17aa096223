"""`tokentape demo migrate`: `cases` were asked, `corpus` records them, `models` are asked next, `judge` knows
who is right, and `command` shows the whole way.
"""
