"""How fast it is: `make bench` takes each figure beside a floor, in the same run, and prints ratios.

The floor is the least that any program could do. Nothing here asserts a time, since machines differ and are never idle.
"""
