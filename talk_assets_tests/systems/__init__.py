"""The systems, each against its sandbox over real HTTP and, where time matters, against an invented server."""
