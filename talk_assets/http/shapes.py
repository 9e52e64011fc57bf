"""What some APIs do with a record that no plain property says: fields in a list of keys, prices as totals of a line.

A shape turns the record as the API shows it into the one that the lens sees, and what the lens puts into what the API
takes. Both ways work on whole records of JSON, so a shape costs a little for each; most APIs need none.
"""

import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any, Protocol

Record = dict[str, Any]


class Unfit(Exception):  # noqa: N818 -- says what about a record the API can't hold, and becomes an answer
    """A record that the API would not take, with the reason and what would be right."""


class Shape(Protocol):
    """One such habit of an API."""

    def shown(self, record: Record) -> None:
        """Turn a record of the API into what the lens sees, in place."""
        ...

    def sent(self, record: Record, now: Mapping[str, Any]) -> None:
        """Turn what the lens puts into what the API takes, in place; raise Unfit for what it can't take.

        `now` is the record as the lens saw it last, empty in a create.
        """
        ...


@dataclass(frozen=True)
class Keyed:
    """A property that is a list of keys with values: `meta_data.colour` is the value of the key colour.

    Keys that are not sent stay as they are. A key that occurs twice shows its last value.
    """

    property: str
    key: str = "key"
    value: str = "value"

    def shown(self, record: Record) -> None:
        """The list as an object."""
        pairs = record.get(self.property)
        if isinstance(pairs, list):
            record[self.property] = {
                str(pair[self.key]): pair.get(self.value)
                for pair in pairs
                if isinstance(pair, dict) and pair.get(self.key)
            }

    def sent(self, record: Record, now: Mapping[str, Any]) -> None:
        """The object as a list; a blank is an empty text."""
        del now
        if isinstance(pairs := record.get(self.property), dict):
            record[self.property] = [
                {self.key: key, self.value: "" if value is None else value} for key, value in pairs.items()
            ]


@dataclass(frozen=True)
class LineTotals:
    """Lines that tell what they cost as texts for the whole line: `subtotal` before the discount, `total` after it.

    The lens sees the price of one item before the discount as `price`, a number, and the percent off as `discount`. A
    line that is sent with its id is updated, one without is added, and one that is not sent stays, so what was removed
    is sent with the quantity 0. Ids are numbers.
    """

    property: str
    id: str = "id"
    quantity: str = "quantity"
    price: str = "price"
    discount: str = "discount"
    subtotal: str = "subtotal"
    total: str = "total"

    def shown(self, record: Record) -> None:
        """The price of an item and the discount, each as far as the totals tell, and what is no number as it is."""
        for line in _objects(record.get(self.property)):
            quantity, subtotal, total = (_number(line.get(name)) for name in (self.quantity, self.subtotal, self.total))
            line[self.price], line[self.discount] = (_unread(line.get(one)) for one in (self.subtotal, self.total))
            if quantity and subtotal is not None:
                line[self.price] = float(round(subtotal / quantity, 6))
            if subtotal and total is not None and total != subtotal:
                line[self.discount] = float(round(100 - 100 * total / subtotal, 2))

    def sent(self, record: Record, now: Mapping[str, Any]) -> None:
        """The totals, and what is to be removed."""
        if self.property not in record:
            return
        lines = _objects(record[self.property])
        for line in lines:
            self._price(line)
        kept = {line.get(self.id) for line in lines}
        before = (_id(line.get(self.id)) for line in _objects(now.get(self.property)))
        record[self.property] = [
            *lines,
            *({self.id: id_, self.quantity: 0} for id_ in before if isinstance(id_, int) and id_ not in kept),
        ]

    def _price(self, line: Record) -> None:
        if (id_ := _id(line.pop(self.id, None))) is not None:
            line[self.id] = id_
        price, discount = (_number(line.pop(name, None)) for name in (self.price, self.discount))
        if price is not None:
            quantity = _number(line.get(self.quantity))
            subtotal = price * (1 if quantity is None else quantity)
            line[self.subtotal] = _money(subtotal)
            line[self.total] = _money(subtotal * (100 - (discount or 0)) / 100)


_MARKUP = re.compile(
    r"<(?!/?(?:a|b|br|blockquote|code|del|div|dd|dl|dt|em|h[1-6]|hr|i|img|ins|li|ol|p|pre|q|s|span|strong|sub|sup|table"
    r"|tbody|td|tfoot|th|thead|tr|u|ul)\b[^<>]*>)",
    re.IGNORECASE,
)
"""What begins no element that a text of some length may have."""


@dataclass(frozen=True)
class Escaped:
    """Texts that the API keeps as HTML: `&amp;` for `&`. `lists.name` is the property of each object of a list.

    `plain` are texts without any markup, `markup` those whose elements are left as they are. `shown_only` are texts
    that show entities which came from elsewhere, but are kept as they are sent.
    """

    plain: tuple[str, ...] = ()
    markup: tuple[str, ...] = ()
    shown_only: tuple[str, ...] = ()

    def shown(self, record: Record) -> None:
        """Entities as the letters that they stand for."""
        for place, name in _places(record, (*self.plain, *self.markup, *self.shown_only)):
            place[name] = html.unescape(place[name])

    def sent(self, record: Record, now: Mapping[str, Any]) -> None:
        """The letters as entities, so that what is sent is kept as it is."""
        del now
        for place, name in _places(record, (*self.plain, *self.markup)):
            place[name] = place[name].replace("&", "&amp;")
        for place, name in _places(record, self.plain):
            place[name] = place[name].replace("<", "&lt;").replace(">", "&gt;")
        for place, name in _places(record, self.markup):
            place[name] = _MARKUP.sub("&lt;", place[name])


@dataclass(frozen=True)
class Paragraphs:
    """Texts that are shown as HTML for a page: paragraphs and breaks in place of blank lines and line breaks."""

    properties: tuple[str, ...]

    def shown(self, record: Record) -> None:
        """Lines in the form in which they were written."""
        for place, name in _places(record, self.properties):
            text = re.sub(r"\s*<br\s*/?>\n?", "\n", place[name])
            text = re.sub(r"</p>\s*<p>", "\n\n", text)
            place[name] = text.strip().removeprefix("<p>").removesuffix("</p>")

    def sent(self, record: Record, now: Mapping[str, Any]) -> None:
        """Nothing: the API takes lines."""


def _places(record: Record, names: tuple[str, ...]) -> Iterator[tuple[Record, str]]:
    """Where the texts with these names are: the object, and what it calls the text."""
    for name in names:
        first, _, rest = name.partition(".")
        for place, last in ((one, rest) for one in _objects(record.get(first))) if rest else ((record, first),):
            if isinstance(place.get(last), str):
                yield place, last


def _objects(value: object) -> list[Record]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _id(value: object) -> object:
    return int(value) if isinstance(value, str) and value.isdecimal() else value


def _unread(value: object) -> object:
    """What is there and no number, null otherwise."""
    return value if value != "" and _number(value) is None else None


def _number(value: object) -> Decimal | None:
    try:
        return None if value is None or value == "" else Decimal(str(value))
    except InvalidOperation:
        return None


def _money(amount: Decimal) -> str:
    """As exact as prices are read: who rounds is the API."""
    return f"{amount.quantize(Decimal('0.000001'), ROUND_HALF_UP).normalize():f}"
