"""CRMOffice, emulated: `api` answers, `records` checks what is sent and keeps it, `data` fills it.

Nearly all of it is ASSUMED; what is known of the real one stands in the docstring of its system.
"""
