"""How sure the figures are: intervals, paired tests, and what a corpus of this size can show at all."""
