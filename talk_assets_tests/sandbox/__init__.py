"""The emulated systems, over real HTTP."""
