"""Python's search for garbage stops everything: not while people talk."""

import gc

# many allocations between searches, and a search through everything seldom
THRESHOLDS = (5_000, 20, 50)


def spare_calls() -> None:
    """Leave what is loaded by now out of all searches to come. Call it once, when the process is about to serve."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
