"""Values as TOML writes them. Only what talk.toml can hold is written: no dates, and no lists of tables."""

import json
import re
from typing import Any


def key_text(path: tuple[str, ...]) -> str:
    """Return a dotted key."""
    return ".".join(part if re.fullmatch(r"[\w-]+", part, re.ASCII) else _quoted(part) for part in path)


def value_text(value: Any) -> str:  # noqa: ANN401 -- TOML
    """Return a value on one line."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, dict):
        inner = ", ".join(f"{key_text((key,))} = {value_text(one)}" for key, one in value.items())
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(value, list):
        return f"[{', '.join(value_text(one) for one in value)}]"
    return f"{value:g}" if isinstance(value, float) and value == int(value) else str(value)


def _quoted(text: str) -> str:
    """JSON's escapes are TOML's, which has one more: DEL."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
