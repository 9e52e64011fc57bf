"""How likely two records are the same: all their fields compared by Splink, each agreement and difference weighed.

`weighing` is the way in. `blocking` finds the pairs that are worth a comparison, `scoring` has Splink compare them with
the `model` of their entity and the `weights` that ship, and `words` says what came of it. What follows from a
probability is decided in `weighed`, not here. Only `scoring` imports Splink, when something is weighed.
"""
