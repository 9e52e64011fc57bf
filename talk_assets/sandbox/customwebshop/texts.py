"""What WordPress makes of a text: unknown markup is taken out when it is kept, paragraphs are made when it is shown.

`kept` is `wp_kses_post`, `paragraphs` is `wpautop`, `typeset` is `wptexturize`, each as far as plain texts show it.
"""

import re
from html.entities import name2codepoint

TAGS = re.compile(
    "a|abbr|address|article|aside|b|big|blockquote|br|caption|cite|code|col|dd|del|details|dfn|div|dl|dt|em|figcaption"
    "|figure|font|footer|h[1-6]|header|hr|i|img|ins|kbd|li|main|map|mark|nav|ol|p|picture|pre|q|s|samp|section|small"
    "|span|strike|strong|sub|summary|sup|table|tbody|td|tfoot|th|thead|tr|tt|u|ul|var|video",
    re.IGNORECASE,
)
_ENTITY = re.compile(rf"&amp;(#[0-9]{{1,7}}|#[xX][0-9a-fA-F]{{1,6}}|{'|'.join(name2codepoint)}|apos);")
_DECIMAL = re.compile(r"&#0*([0-9]{1,2});")
_SLASHED = re.compile(r"\\(.?)", re.DOTALL)
_LONE = re.compile(r"<(?=[^>]*\Z|[^<>]*<)")
_COMMENT = r"<!--.*?(?:-->|\Z)"
_TAG = re.compile(rf"{_COMMENT}|<\s*(/?)\s*([A-Za-z0-9-]+)([^<>]*)>|<[^>]*>|>", re.DOTALL)
_BLOCK = re.compile(r"^</?(?:p|div|ul|ol|li|table|thead|tbody|tr|td|th|blockquote|pre|h[1-6]|hr|figure|section)\b")
_QUOTED = re.compile(r'"([^"<>]*)"')


def kept(text: str) -> str:
    """The text with `&` as an entity, unless it begins one, without backslashes, and without what a post must not have.

    Tags that are unknown are taken out, and so is all between `<` and `>` that is no tag; either alone is an entity.
    """
    text = _ENTITY.sub(r"&\1;", _SLASHED.sub(r"\1", text.replace("\0", "")).replace("&", "&amp;"))
    text = _DECIMAL.sub(lambda found: f"&#{int(found[1]):03};", text)
    return _TAG.sub(_tag, _LONE.sub("&lt;", text))


def _tag(found: re.Match[str]) -> str:
    if found[0] == ">":
        return "&gt;"
    return found[0] if found[0].startswith("<!--") or TAGS.fullmatch(found[2] or "") else ""


def clean(text: str) -> str:
    """The text of a field of one line, as `sanitize_text_field` leaves it: without tags, breaks and encoded octets."""
    text = re.sub(r"</?[A-Za-z!][^>]*>", "", _LONE.sub("&lt;", text))
    return re.sub(r" +", " ", re.sub(r"%[0-9a-fA-F]{2}", "", re.sub(r"[\r\n\t ]+", " ", text))).strip(" ")


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
