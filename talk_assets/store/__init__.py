"""The only door to DuckDB: the database file, transactions, tables, and what does not fit into memory.

Add tables to `schema` (those of a run) or `tables` (those of a collection or an entity). What they mean, and the SQL
that reads and writes them, belongs to `sync` and `report`.
"""
