"""The people, companies, products and orders that the emulated systems hold, before any of them has written them."""
