"""The business systems, emulated over real HTTP on loopback: what a newcomer tries and what the tests run against.

The frame (`server`, `system`, `store`, `limits`, `control`) is shared; each system is a folder with its API and how the
generated world looks in it; `world/` is the people, companies, products and orders that appear in several systems.
`process` runs the sandbox in the background, `serving` inside a test. A new system is one folder and one line in
`registry`. Nothing here may be imported by what speaks to the real systems.
"""
