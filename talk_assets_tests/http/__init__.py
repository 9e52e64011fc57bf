"""The HTTP layer against invented servers, in invented time."""
