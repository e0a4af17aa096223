"""From what a trace tells of a call to an interaction: shared by the formats of traces.

Traces hold no bytes. Each format reads its envelope into a `Traced` call (`messages`, `parts`, `settings` and
`counts` read what all of them write in their own ways), and `building` writes it in its provider's dialect.
"""
