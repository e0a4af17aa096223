"""What `migrate`, `report` and `drift` have in common: `options` are read, `opening` makes a plan of them,
`telling` says how far a run is, `results` writes the report and judges the gates.
"""
