"""All that knows Dagster: assets, checks, jobs, and how a sync is run on a Dagster instance.

An asset's body reads, calls something that knows no Dagster, and returns metadata. Add what a step does to `sync`, and
only what Dagster is to show to this package.
"""
