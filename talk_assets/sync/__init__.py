"""The hub: links records, merges them into golden, computes changes. It imports neither dagster nor httpx."""
