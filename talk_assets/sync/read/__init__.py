"""What systems show: pages are fetched, parsed, checked and stored in the collection's table.

Add here what has to do with one record of one collection. To which entity it belongs is decided in `link`.
"""
