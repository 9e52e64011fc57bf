"""The tests, in the same tree as what they test."""

import os

# Every core has a process of its own; threads beside them would only wait for each other. Polars asks once, at import.
os.environ.setdefault("POLARS_MAX_THREADS", "1")
