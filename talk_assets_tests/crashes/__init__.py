"""Real crashes: a sync in a process of its own, killed at random moments, against a twin that nobody disturbs.

`shapes` says what two offices must have in common, `people` what is edited in them, `office` is one sandbox with a data
folder, `killing` chooses the moment, `campaign` is the whole. What the hub decides is tried out, much faster, in
`simulator`; here it is about processes, files and sockets.
"""
