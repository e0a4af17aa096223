"""Assertions on replies, and snapshots: what a reply was when somebody last looked at it, in a file.

Reading order: `asserting` (what a test says), `reading` (whatever a test has in hands becomes an answer),
`form` (the answer as a file shows it), `place` (which file), `run` (what became of the files in a run).
"""
