"""Unmodified programs: `tokentape run`, and what happens in the Python processes that it starts.

    plan       what the run tells its processes: a file in the folder that they share
    site       put in front of PYTHONPATH: its `sitecustomize` runs the user's own, then `joining.join`
    joining    a process takes part, from before its first line until its end
    program    the program itself: started, waited for, its signals and its exit code
    running    the run: opens the cassette, starts the program, tells of misses at once, saves

The environment carries the place of that folder and nothing else: no option, and no secret.
"""
