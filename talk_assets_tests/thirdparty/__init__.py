"""Servers that somebody else wrote stand in for Customerp, by configuration alone. Run by `make thirdparty`."""
