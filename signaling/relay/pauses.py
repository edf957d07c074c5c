"""Python's search for garbage stops everything: not while people talk."""

import gc

# many allocations between searches; through everything about once in a hundred and fifty connections that were closed,
# each of which is a thousand objects that hold each other: no call that runs makes any
THRESHOLDS = (5_000, 10, 4)


def spare_calls() -> None:
    """Leave what is loaded by now out of all searches to come. Call it once, when the process is about to serve."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
