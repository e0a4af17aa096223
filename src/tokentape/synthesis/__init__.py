"""A recording in the other form: a whole reply for a call that streams, a stream for one that does not.

Only with `synthesize=True`, only where no recording of the call itself is left, and never silently. Not
made: a form of a stream that did not come to its end.
"""
