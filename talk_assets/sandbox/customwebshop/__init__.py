"""The webshop, emulated: `api` answers, `writes` carries out what is sent, `records` shows it, `data` fills it."""
