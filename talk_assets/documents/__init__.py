"""Dataflows as documents that people read: written from the running definitions, and checked against them.

    properties   a lens as a table, and what two lenses both map
    writer       one document per dataflow
    parsing      what a document says: its title and its sections, whoever wrote it
    labels       which systems and collections the words of a document mean
    checking     whether every section is covered by a pair and in sync

What a command prints of it is the concern of `cli.doc`.
"""
