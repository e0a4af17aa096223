"""From verdicts to a report.

Reading order: `tally` (takes every `Scored`, keeps columns of numbers), `figures` (what a report says, as the
types whose names the JSON has), `figuring` (how the figures follow from the columns), `verdict`, `gates`,
`report` (all of it, and the rows, worst first: what every form is written from). Then one file for each form.
"""
