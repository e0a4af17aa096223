"""How requests are authenticated: one file per way, and `kinds`, which makes one from its name.

header, query, nothing    a key where the API wants it
aws                       a signature, version 4 (`sigv4` is the pure part)
google, azure, command    tokens, kept and renewed by `tokens`
passing                   the client's own key, and to whom it may go
"""
