"""Two-way synchronisation of business systems, as a Dagster asset graph over DuckDB.

`systems/` speak to the APIs and declare collections with lenses; `sync/` is the hub that links records, merges them
into golden and computes changes, knowing neither Dagster nor HTTP; `store` is the only door to DuckDB; `assets/` and
`definitions` put the hub on the Dagster graph; `cli` is the `talk` command; `sandbox/` emulates every system over HTTP.
"""
