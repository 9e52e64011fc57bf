"""How likely two records are the same: all their fields compared, each agreement and each difference with its weight.

Add a level to `levels` where a distinction is missing, then learn the weights anew:
`python -m talk_assets_tests.evidence_sets.training`. What follows from a weight is decided in `weighed`.
"""
