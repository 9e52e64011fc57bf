"""How Webcrm finds and shows records: pages, single records, those of a parent, searches, date ranges and queries.

Nothing here writes.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from talk_assets.sandbox.store import Shelf, Stored, Term
from talk_assets.sandbox.webcrm import times
from talk_assets.sandbox.webcrm.properties import PERSONS, PRODUCTS, QUOTATION_LINES, USERS, Table, is_id
from talk_assets.sandbox.webcrm.queries import Condition, Either, Malformed, Query, comparable, parse
from talk_assets.sandbox.wire import HttpRequest, Reply, dumps, reply

DEFAULT_SIZE = 100
LAST_PAGE = 1_000_000
CHANGED_BY = 1
PAGING = frozenset({"page", "size", "script", "input"})

NESTED = {
    ("organisations", "persons"): (PERSONS, "PersonOrganisationId"),
    ("organisations", "products"): (PRODUCTS, "ProductOrganisationId"),
    ("opportunities", "quotationlines"): (QUOTATION_LINES, "QuotationLineOpportunityId"),
}
"""Which records are read by the id of another: parent's path and last segment, table, property."""

BY = {
    ("opportunities", "byorganisation"): "OpportunityOrganisationId",
    ("opportunities", "byresponsible"): "OpportunityAssignedTo",
    ("opportunities", "bypipelinelevel"): "OpportunityLevel",
    ("persons", "byorganisation"): "PersonOrganisationId",
}


class Malpaged(Exception):  # noqa: N818 -- what the API says about a request
    """A page, a size or a parameter that the API does not take."""


class Finder:
    """Reads the shelves; `switches` are the system's, as they stand at each request, `place` is where a page begins."""

    def __init__(self, shelves: Mapping[str, Shelf], switches: Mapping[str, Any], place: Callable[[int], int]) -> None:
        self._shelves, self._switches, self._place = shelves, switches, place

    @staticmethod
    def load(record: Stored) -> dict[str, Any]:
        """A record's properties."""
        found: dict[str, Any] = json.loads(record.body)
        return found

    def answer(self, request: HttpRequest, segments: tuple[str, ...], table: Table | None) -> Reply:
        """Answer a GET."""
        try:
            page, size = self._page(request)
            if segments == ("queries",) and self._switches["queries"]:
                return self._query(parse(_parameter(request, "script") or ""), page, size)
            if table:
                return self._collection(table, request, segments[1:], (page, size))
        except (Malpaged, Malformed) as error:
            return reply({"Message": str(error), "Type": "BadRequestException"}, 400)
        return _nothing("No such resource.")

    def _collection(  # noqa: PLR0911 -- one for each path
        self, table: Table, request: HttpRequest, rest: tuple[str, ...], page: tuple[int, int]
    ) -> Reply:
        match rest:
            case ():
                return self._list(table, (), page)
            case (id_,) if is_id(id_):
                return self._one(table, int(id_))
            case (id_, nested) if is_id(id_) and (table.path.lower(), nested) in NESTED:
                other, name = NESTED[table.path.lower(), nested]
                return self._list(other, ((name, "=", int(id_)),), page)
            case ("search",):
                return self._search(table, _parameter(request, "input") or "", page)
            case ("allactive",) if table is USERS:
                return self._query(Query(USERS, (), (Condition("UserAccessLevel", ">", 0),)), *page, extra=False)
            case (by, value) if (table.path.lower(), by) in BY and is_id(value):
                return self._list(table, ((BY[table.path.lower(), by], "=", int(value)),), page)
            case ("findbyupdatedates" | "findbycreatedates" as by, start, end):
                return self._between(table, "UpdatedAt" if "update" in by else "CreatedAt", (start, end), page)
        return _nothing("No such resource.")

    def _page(self, request: HttpRequest) -> tuple[int, int]:
        unknown = [name for name in request.query if name.lower() not in PAGING]
        if unknown and not self._switches["ignores_filters"]:
            message = f"Unknown parameter {unknown[0]}"
            raise Malpaged(message)
        page = _number(request, "page", 1, LAST_PAGE)
        return page, _number(request, "size", DEFAULT_SIZE, int(self._switches["largest_page"]))

    def _one(self, table: Table, id_: int) -> Reply:
        found = self._shelves[table.path].get(id_)
        if found is None:
            return _nothing(f"{table.name} {id_} was not found")
        return Reply(body=self._shown(table, [found])[0])

    def _list(self, table: Table, terms: Sequence[Term], page: tuple[int, int]) -> Reply:
        number, size = page
        found = self._shelves[table.path].select(terms, limit=size, offset=self._place((number - 1) * size))
        return _array(self._shown(table, found))

    def _between(self, table: Table, which: str, dates: tuple[str, str], page: tuple[int, int]) -> Reply:
        try:
            start, end = (times.to_seconds(text.upper()) for text in dates)
        except ValueError as error:
            message = f"'{dates[0]}' and '{dates[1]}' are not both dates"
            raise Malpaged(message) from error
        name = table.name + which
        conditions = (Condition(name, ">=", start), Condition(name, "<", end))
        return self._query(Query(table, (), conditions, name), *page, extra=False)

    def _search(self, table: Table, text: str, page: tuple[int, int]) -> Reply:
        number, size = page
        wanted = text.casefold()
        names = [name for name in table.properties if name.endswith(("Name", "Email", "Phone", "Telephone", "Number"))]
        found = [
            record
            for record in self._shelves[table.path].select()
            if any(wanted in str(value).casefold() for value in _picked(self.load(record), names))
        ]
        return _array(self._shown(table, found[(number - 1) * size : number * size]))

    def _query(self, query: Query, page: int, size: int, *, extra: bool = True) -> Reply:
        """Run a query; what the shelf has an index for is left to it, and the rest is tested record by record."""
        shelf, table, first = self._shelves[query.table.path], query.table, self._place((page - 1) * size)
        if query.joins:
            return self._joined(query, first, size, extra=extra)
        terms, rest = _split(shelf, query)
        order = {table.updated: "stamp", table.id: "id", None: "id"}.get(query.order)
        if order and not rest:
            found = shelf.select(terms, order=order, descending=query.descending, limit=size, offset=first)
        else:
            found = self._tested(shelf.select(terms), query, rest)[first : first + size]
        texts = self._shown(table, found)
        if query.columns:
            texts = [dumps({name: record[name] for name in query.columns}) for record in map(json.loads, texts)]
        if extra:
            numbered = b'%b,"RowNumber":%d,"o_lastUpdatedById":%d}'
            texts = [numbered % (text[:-1], number, CHANGED_BY) for number, text in enumerate(texts, first + 1)]
        return _array(texts)

    def _joined(self, query: Query, first: int, size: int, *, extra: bool) -> Reply:
        """Run a query over several tables: a row has the properties of all of them."""
        rows = list(map(self.load, self._shelves[query.table.path].select()))
        for join in query.joins:
            others: dict[Any, list[dict[str, Any]]] = {}
            for other in map(self.load, self._shelves[join.table.path].select()):
                others.setdefault(other[join.theirs], []).append(other)
            nothing = [dict.fromkeys(join.table.properties)] if join.outer else []
            rows = [{**row, **other} for row in rows for other in others.get(row[join.ours], nothing)]
        known = query.properties
        rows = [row for row in rows if all(one.holds(known, row) for one in query.conditions)]
        order = query.order or query.table.id
        rows.sort(key=lambda row: comparable(known, order, row[order]), reverse=query.descending)
        if query.columns:
            rows = [{name: row[name] for name in query.columns} for row in rows]
        shown = [
            row | ({"RowNumber": number, "o_lastUpdatedById": CHANGED_BY} if extra else {})
            for number, row in enumerate(rows[first : first + size], first + 1)
        ]
        return _array([dumps(row) for row in shown])

    def _tested(self, found: list[Stored], query: Query, rest: Sequence[Condition | Either]) -> list[Stored]:
        pairs = [(self.load(record), record) for record in found]
        known = query.properties
        pairs = [pair for pair in pairs if all(condition.holds(known, pair[0]) for condition in rest)]
        order = query.order
        if order:
            pairs.sort(key=lambda pair: comparable(known, order, pair[0][order]), reverse=query.descending)
        return [record for _, record in pairs]

    def _shown(self, table: Table, found: Sequence[Stored]) -> list[bytes]:
        """The texts as they are, unless a switch asks for another form."""
        if self._switches["mixed_offsets"] and self._switches["blank_values"]:
            return [record.body for record in found]
        return [dumps(self._respelled(table, self.load(record))) for record in found]

    def _respelled(self, table: Table, record: dict[str, Any]) -> dict[str, Any]:
        for name, prop in table.properties.items():
            value = record[name]
            if prop.kind == "time" and not self._switches["mixed_offsets"] and value not in {None, times.NONE}:
                record[name] = datetime.fromtimestamp(times.to_seconds(value), UTC).isoformat()
            if not self._switches["blank_values"] and value in ("", times.NONE):
                record[name] = None
        return record


def _split(shelf: Shelf, query: Query) -> tuple[list[Term], list[Condition | Either]]:
    columns = {query.table.updated: "stamp", query.table.id: "id"}
    terms: list[Term] = []
    rest: list[Condition | Either] = []
    for condition in query.conditions:
        if isinstance(condition, Either):
            rest.append(condition)
            continue
        column, sign, value = columns.get(condition.property), condition.operator, condition.value
        if column and sign != "LIKE":
            terms.append((column, sign, value))
        elif shelf.searched(condition.property) and sign == "=" and value and str(value).isascii():
            terms.append((condition.property, sign, value))
        else:
            rest.append(condition)
    return terms, rest


def _picked(record: Mapping[str, Any], names: Sequence[str]) -> list[Any]:
    return [record[name] for name in names]


def _parameter(request: HttpRequest, wanted: str) -> str | None:
    for name, value in request.query.items():
        if name.lower() == wanted:
            return value
    return None


def _number(request: HttpRequest, name: str, default: int, top: int) -> int:
    text = _parameter(request, name) or str(default)
    if not text.isdecimal() or not 1 <= int(text) <= top:
        message = f"The field {name.capitalize()} must be between 1 and {top}."
        raise Malpaged(message)
    return int(text)


def _array(texts: Sequence[bytes]) -> Reply:
    return Reply(body=b"[" + b",".join(texts) + b"]")


def _nothing(message: str) -> Reply:
    return reply({"Message": message, "Type": "NotFoundException"}, 404)
