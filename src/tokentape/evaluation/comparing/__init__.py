"""Two answers to one question, compared: one comparator, one file."""
