"""The canonical form: what a call means, whatever dialect it was written in.

Reading order: `items` and `parts` (what is said), `conversation` (a request), `reply`, `events` (a reply
that streams), `failure`, `origin` (where a node came from), `losses` (what did not go over). Everything
is immutable. The form is for translating, showing and comparing; matching never uses it, so that a
mended translator leaves every cassette valid.
"""
