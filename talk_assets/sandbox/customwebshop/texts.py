"""What WordPress makes of a text: unknown markup is taken out when it is kept, paragraphs are made when it is shown.

`kept` is `wp_kses_post`, `paragraphs` is `wpautop`, `typeset` is `wptexturize`, each as far as plain texts show it.
"""

import re

TAGS = re.compile(
    "a|abbr|address|article|aside|b|big|blockquote|br|caption|cite|code|col|dd|del|details|dfn|div|dl|dt|em|figcaption"
    "|figure|font|footer|h[1-6]|header|hr|i|img|ins|kbd|li|main|map|mark|nav|ol|p|picture|pre|q|s|samp|section|small"
    "|span|strike|strong|sub|summary|sup|table|tbody|td|tfoot|th|thead|tr|tt|u|ul|var|video",
    re.IGNORECASE,
)
_ENTITY = re.compile(r"&amp;(#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z]{2,8}[0-9]{0,2});")
_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9]*)([^<>]*)>|<[^>]*$|<|>")
_BLOCK = re.compile(r"^</?(?:p|div|ul|ol|li|table|thead|tbody|tr|td|th|blockquote|pre|h[1-6]|hr|figure|section)\b")
_QUOTED = re.compile(r'"([^"<>]*)"')


def kept(text: str) -> str:
    """The text with `&` as an entity, unless it begins one, and without tags that a post must not have."""
    return _TAG.sub(_tag, _ENTITY.sub(r"&\1;", text.replace("&", "&amp;")))


def _tag(found: re.Match[str]) -> str:
    if found[2] is not None:
        return found[0] if TAGS.fullmatch(found[2]) else ""
    return found[0].replace("<", "&lt;").replace(">", "&gt;")


def paragraphs(text: str) -> str:
    """Blank lines part paragraphs, single breaks are breaks; what is a block of markup by itself stays."""
    if not text.strip():
        return ""
    parts = [part.strip("\n") for part in re.split(r"\n\s*\n", text.replace("\r\n", "\n").replace("\r", "\n").strip())]
    return "".join(f"{part}\n" if _BLOCK.match(part) else f"<p>{_breaks(part)}</p>\n" for part in parts if part.strip())


def _breaks(part: str) -> str:
    return re.sub(r"(?<!<br />)\s*\n", "<br />\n", part)


def typeset(text: str) -> str:
    """Quotes, dashes and ellipses as a printer sets them."""
    text = _QUOTED.sub(r"&#8220;\1&#8221;", text).replace("...", "&#8230;").replace("---", "&#8212;")
    text = text.replace(" -- ", " &#8212; ").replace("--", "&#8211;").replace(" - ", " &#8211; ")
    return re.sub(r"(?<=\w)'(?=\w)", "&#8217;", text)
