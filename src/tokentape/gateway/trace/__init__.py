"""Traces: every form of every request, from the client's bytes to the client's reply.

`trace` is what a call writes into while it runs, and costs next to nothing. `traces` keeps them; what
takes time (redaction, rendering, writing, throwing away) happens in its thread: `render`, `files`.
`reading` is for those who look at them later.
"""
