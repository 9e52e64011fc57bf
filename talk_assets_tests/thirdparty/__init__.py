"""Servers that somebody else wrote as Customerp, and clients that somebody else wrote before the sandbox.

Run by `make thirdparty`.
"""
