"""Tests that every system must pass, for whoever adds one, here or in a package of their own.

    memory        a system in memory: the shortest complete example of a `Connection`
    conformance   the suite that a system's tests subclass: `connection` for any system, `http` for one over HTTP
    lens_laws     the two laws of a lens, under generated values
    served        the sandbox for the length of a test

`memory` needs nothing more than the package. The rest needs pytest and hypothesis: `pip install talk-assets[testing]`.
"""
