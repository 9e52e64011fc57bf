"""The webshop, emulated: `api` answers, `keys` lets in, `filters` finds, `writes` carries out, `data` fills.

`records` says what there is, `shown` how it is shown, `texts` what WordPress makes of a text, `effects` whom the shop
mails and what it takes from stock.
"""
