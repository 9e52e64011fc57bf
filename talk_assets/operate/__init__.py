"""What a person does: link, unlink, retry, resolve, approve, undo, back up; and the lock that keeps runs apart.

Add an action to `actions`, what it changes to `decisions` or `relinking`. What happens by itself belongs to `sync`.
"""
