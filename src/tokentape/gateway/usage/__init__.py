"""Usage and cost: what each call used, read from its reply as it passes (`tap`), noted per request
(`spent`), kept in memory and in files that several processes share (`ledger`), and asked for (`report`).

`estimates` answers before a call is made, and says that it estimates.
"""
