"""Which records belong together: changed records are brought into canonical text and linked to an entity.

Add ways to match a record to `matching`. Which value an entity has is decided in `merge`.
"""
