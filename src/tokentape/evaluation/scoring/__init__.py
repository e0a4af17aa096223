"""From answers to verdicts: `scored` is what comes of one question, `scoring` goes through the corpus."""
