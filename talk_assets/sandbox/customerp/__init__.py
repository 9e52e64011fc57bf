"""Customerp, emulated: `api` answers, `properties` checks what is sent, `data` fills it."""
