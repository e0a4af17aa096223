"""Values an upstream needs back: taken from replies, put into later requests, never shown.

`rule` is what one may ask for, `scope` whose memory it is, `memory` the two halves of a call (before it is
sent, and after it was answered whole). `states` are the built-in rules for what models sealed or thought:
they work on the canonical form, in `turns`.
"""
