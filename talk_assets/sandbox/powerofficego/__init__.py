"""Powerofficego, emulated: `api` answers, `reading` shows, `orders` writes sales orders, `data` fills it."""
