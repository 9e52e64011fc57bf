"""What must be written so that every record shows what was agreed on, and what stands in its way.

Add a reason to wait to `waiting` or `permits`. Nothing here sends anything: that is `write`.
"""
