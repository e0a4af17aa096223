"""The whole way of a migration: `plan` says what is asked of whom and compared how, `places` where answers
are kept, `phases` forecasts, asks and compares.
"""
