"""What is evaluated: the conversations that recordings hold, each call once.

Reading order: `row` (one recorded call), `rows` (those of a place), `where` and `names` (conditions),
`grouping` (duplicates and clusters), `sampling`, and `choosing`, which puts them together; `told` and
`annotations` write metadata back.
"""
