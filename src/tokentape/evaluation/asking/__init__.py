"""Recorded questions, asked of other models.

Reading order: `question` and `outcome` (what goes in, what comes out), `fitting` and `preparing` (the request
for a target), `asker`, `trying` and `judging` (one question asked of one target), `budget`, `patience` and
`schedule` (all of them), `forecast` (none of them), `targets`, `answers`, `settings` (what a command says).
"""
