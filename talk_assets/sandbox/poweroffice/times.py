"""How PowerOffice v1 writes a time: whole seconds in UTC, with a space before the offset."""

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def to_text(seconds: int) -> str:
    """A time as it is shown."""
    return f"{EPOCH + timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%S} +00:00"


def to_seconds(text: str) -> float:
    """Seconds since 1970 of a time or a date; without an offset it is UTC. Raises ValueError."""
    moment = datetime.fromisoformat(text.strip().replace(" ", ""))
    return (moment.replace(tzinfo=moment.tzinfo or UTC) - EPOCH).total_seconds()
