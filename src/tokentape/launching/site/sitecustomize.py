"""Runs in every Python that inherits the environment of `tokentape run`, also in foreign and older ones.

So: no syntax and no import that an old Python lacks, and not a word where tokentape is not installed.
"""

import os
import sys

_here = os.path.dirname(os.path.abspath(__file__))
sys.path[:] = [_entry for _entry in sys.path if os.path.abspath(_entry) != _here]  # children have PYTHONPATH
try:
    from importlib.machinery import PathFinder
    from importlib.util import module_from_spec

    _spec = PathFinder.find_spec("sitecustomize")  # the one that would have run without us
    if _spec is not None and _spec.loader is not None:
        sys.modules["sitecustomize"] = module_from_spec(_spec)
        _spec.loader.exec_module(sys.modules["sitecustomize"])
finally:
    if sys.version_info >= (3, 11):  # noqa: UP036  a program may start any Python
        try:
            from tokentape.launching.joining import join
        except ImportError:
            pass
        else:
            join()
