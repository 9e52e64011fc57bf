"""The run: systems' collections are read, linked, merged, planned, and the changes written back.

The rooms are in that order: `read`, `link`, `merge`, `plan`, `write`; a room imports those before it, never one after
it. `hub` runs them; `journal`, `runs`, `progress` and `guards` are for all of them. Nothing here knows Dagster, HTTP or
any system.
"""
