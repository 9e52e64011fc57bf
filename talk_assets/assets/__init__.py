"""The Dagster graph of the sync. One file per kind of step; `definitions` puts them together."""
