"""Changes are sent, and the answers stored: the intent first, then the request, then the answer.

Add what an answer changes to `answers`. Whether a change may go out is decided in `plan`.
"""
