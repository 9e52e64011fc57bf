"""Labelled records: generated from rules that are written down, with the truth about which describe the same.

Each set is one module: `companies`, `products`, `persons`. A set has two sides of canonical text and the pairs that are
the same, each with the rules that made it. `score` compares what a scorer says with that truth, and `demo_truth` says
what is the same in the sandbox's world. Numbers, names and addresses are invented.
"""
