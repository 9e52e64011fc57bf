"""Two-way synchronisation of business systems, as a Dagster asset graph over DuckDB.

`model` says what there is. `systems` declare collections with lenses and reach the APIs over `http`. `sync` reads,
links, merges, plans and writes, knowing neither Dagster nor HTTP; `store` is the only door to DuckDB. `report` answers
what people ask, `operate` is what they do, `config` what they configured. `graph` is all that knows Dagster, `cli` the
`talk` command, `documents` the dataflow documents; `sandbox` emulates every system over HTTP.
"""
