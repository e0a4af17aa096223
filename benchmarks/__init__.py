"""Every performance claim as a runnable file, with its peers in the same run. `python -m benchmarks` runs all."""
