"""What the records of an entity agree on: golden, field by field, and the conflicts.

`golden` decides and knows no database. What must be written for it is decided in `plan`.
"""
