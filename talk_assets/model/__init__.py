"""What there is: entities, fields and rules, collections and systems, pairs and dataflows, and which go together.

Add here what is declared, and what follows from a declaration alone. Nothing here reads a record, a file or the
environment: that is `sync`, `config` and `systems`.
"""
