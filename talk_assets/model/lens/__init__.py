"""How a property of a record holds a field of an entity, in both directions.

Add a kind of property to `kinds` (or `orderlines`), and what a text means to `conversions`; `lens` puts them together.
Every kind keeps the lens laws, which the tests hold it to. What one system does differently belongs to that system.
"""
