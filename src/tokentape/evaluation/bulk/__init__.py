"""A corpus as columns: exported to Parquet, and scored there by Daft, on one machine or on a Ray cluster.

Reading order: `columns` (what a row of a file holds), `taken` (from a recording to such a row), `lineage`
(which question an answer is of), `exporting` (into files), `given` (from a row of a file back to what
comparators look at), `scoring` (the job). What is compared, and how, is that of `comparing`.
"""
