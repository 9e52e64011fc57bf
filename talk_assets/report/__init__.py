"""What people ask about the state of the sync. Every function reads and changes nothing.

Add a question and its answer as frames or plain values. How it is shown belongs to `cli` and `graph`.
"""
