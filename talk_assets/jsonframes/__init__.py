"""JSON as columns of a frame, without an object per value.

Add functions from text to columns and back. Nothing here knows what a record or a field is.
"""
