"""The gateway: one local server that records, replays and translates for every language.

Read `app` (from a connection to an endpoint), then `exchange` (one call, from request to reply).
"""
