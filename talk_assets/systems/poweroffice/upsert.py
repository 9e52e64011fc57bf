"""How records of PowerOffice v1 are written: POST takes a whole record, creates it without an id, replaces it with one.

What an update leaves out would be cleared, so it is the record as last seen with the changes laid over it, without what
is not ours to write. A refusal comes inside a 200.
"""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from talk_assets.errors import Refused
from talk_assets.http import words
from talk_assets.http.client import AnswerLost, Call, Client, Forbidden
from talk_assets.http.connection import json_body, lost, nested, refused
from talk_assets.http.exchange import told
from talk_assets.http.paging import gather
from talk_assets.jsonframes import jsontext
from talk_assets.model.collection import Collection
from talk_assets.model.system import Action, Answer, Outcome, Page, Write
from talk_assets.systems.poweroffice.wire import PowerOfficeCollection, PowerOfficeReader, Written, summary

PDF_BY_EMAIL, PRINT = 1, 2
"""How invoices are delivered."""

HIDDEN_GENDER = -1
UNIQUE = "ApiUniqueConstraint"
SUPPLIER_CODE, CUSTOMER_CODE = "partySupplierCode", "partyCustomerCode"


class Unplaced(Exception):  # noqa: N818 -- a signal within this file
    """A contact person has no contact to stand under; the message is what to do."""


class PowerOfficeConnection(PowerOfficeReader):
    """The whole connection: the reading half, and writes. `under` is the customer for contact persons without one."""

    def __init__(
        self, client: Client, collections: Sequence[PowerOfficeCollection], written: Written, under: str | None
    ) -> None:
        super().__init__(client, collections, written)
        self._under = under

    async def write(self, collection: Collection, writes: Sequence[Write]) -> AsyncIterator[Answer]:
        """Send each write by itself, several at a time."""
        mine = self.collections[collection.name]

        async def send(write: Write) -> Answer:
            return await told(self._write(mine, write))

        def sending(some: Sequence[Write]) -> AsyncIterator[Answer]:
            return gather(send, some, window=self.client.site.concurrency)

        async for answer in self.rightly(mine, writes, sending):
            yield answer

    async def _write(self, collection: PowerOfficeCollection, write: Write) -> Answer:
        if write.action is not Action.CREATE and write.record is None:
            return Answer(write.key, Outcome.STALE, id=write.id, reason="the whole record is not known")
        try:
            call = self._call(collection, write)
        except Unplaced as error:
            return Answer(write.key, Outcome.FAILED, reason=str(error))
        try:
            self.written.at = self.clock.now()
            response = await self.send(call)
        except AnswerLost as error:
            return lost(write, error)
        except Forbidden as error:
            return refused(write, error)
        except Refused as error:
            return await self._refused(collection, write, str(error))
        finally:
            self.written.at = self.clock.now()
        return await self._answer(collection, write, json_body(response.content))

    async def _answer(self, collection: PowerOfficeCollection, write: Write, body: dict[str, Any]) -> Answer:
        data = body.get("data")
        inner = data if isinstance(data, dict) else {}
        if body.get("success") is True and inner.get("success", True) is True:
            if write.action is Action.DELETE:
                return Answer(write.key, Outcome.DONE, id=write.id)
            if inner.get("id") is not None:
                record = jsontext.spelled(inner).encode()
                return Answer(write.key, Outcome.DONE, id=str(inner["id"]), record=record)
            return Answer(write.key, Outcome.UNKNOWN, id=write.id, reason="the answer has no record")
        validation = body.get("validation") or inner.get("validation")
        if body.get("success") is not False and inner.get("success") is not False:
            return Answer(write.key, Outcome.UNKNOWN, id=write.id, reason='the answer does not say "success"')
        said = summary(json.dumps(validation)) if isinstance(validation, dict) else "refused, without a reason"
        kind = validation.get("exception") if isinstance(validation, dict) else None
        return await self._refused(collection, write, said, taken=kind == UNIQUE)

    async def _refused(
        self, collection: PowerOfficeCollection, write: Write, reason: str, *, taken: bool = False
    ) -> Answer:
        """Nothing in a refusal says for certain that it is for another record's sake, or for want of this one."""
        if write.action is Action.CREATE:
            found = await self._ids(self.find(collection, [write.entity])) if taken and collection.reference else []
            if len(found) == 1:
                return Answer(write.key, Outcome.EXISTS, id=found[0], reason=reason)
        elif write.id and not await self._ids(self.look_up(collection, [write.id])):
            return Answer(write.key, Outcome.GONE, id=write.id, reason=reason)
        names = words.spoken(reason, collection.lens.columns)
        return Answer(write.key, Outcome.REFUSED, id=write.id, reason=reason, properties=names)

    async def _ids(self, pages: AsyncIterator[Page]) -> list[str]:
        """The ids of records that are there, or of which nobody can say that they are not."""
        found: list[str] = []
        async for page in pages:
            found += [*(str(record["id"]) for record in json.loads(page.body)), *page.kept]
        return found

    def _call(self, collection: PowerOfficeCollection, write: Write) -> Call:
        record, flat = json_body(write.record), json_body(write.body)
        path, template = self._path(collection, record, flat)
        if write.action is Action.DELETE:
            return Call("DELETE", f"{path}{quote(write.id or '', safe='')}/", f"{template}{{id}}/")
        if write.action is Action.UPDATE:
            kept = _sendable(collection, record)
            whole = {**laid_over(kept, nested(flat)), "id": int(write.id or 0)}
        else:
            own = {collection.reference: write.entity} if collection.reference else {}
            whole = {**collection.fixed, **own, **nested(flat)}
        content = jsontext.spelled(_deliverable(collection, whole)).encode()
        headers = {"Content-Type": "application/json; charset=utf-8"}
        # A create that is sent twice may be there twice, where the reference is not unique.
        repeatable = write.action is Action.UPDATE
        return Call("POST", path, template, content=content, headers=headers, repeatable=repeatable)

    def _path(
        self, collection: PowerOfficeCollection, record: Mapping[str, object], flat: dict[str, object]
    ) -> tuple[str, str]:
        """Where to write, and as what the request is counted; the parent is taken out of what is sent."""
        if collection.parent is None:
            return f"{collection.path}/", f"{collection.path}/"
        chosen = flat.pop(collection.parent, None) or record.get(collection.parent) or self._under
        if chosen is None:
            system = self.client.site.system
            message = (
                "a contact person stands under a customer, and the person's company has none here; set"
                f" contacts_under under [systems.{system}] in talk.toml to the id of the customer to use"
            )
            raise Unplaced(message)
        supplied = record.get(SUPPLIER_CODE) is not None and record.get(CUSTOMER_CODE) is None
        kind = "Supplier" if supplied else "Customer"
        return f"/{kind}/{quote(str(chosen), safe='')}/Contact/", f"/{kind}/{{id}}/Contact/"


def laid_over(record: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """The record with the changes, within objects as well: an address without its id would be another address."""
    whole = dict(record)
    for name, value in changes.items():
        before = whole.get(name)
        whole[name] = laid_over(before, value) if isinstance(before, dict) and isinstance(value, dict) else value
    return whole


def _sendable(collection: PowerOfficeCollection, record: Mapping[str, Any]) -> dict[str, Any]:
    """What of a record may be written back."""
    left_out = {*collection.read_only, *collection.ignore}
    kept = {name: _clean(value) for name, value in record.items() if name not in left_out and value is not None}
    if kept.get("gender") == HIDDEN_GENDER:
        del kept["gender"]
    return kept


def _clean(value: Any) -> Any:  # noqa: ANN401 -- a JSON value
    """Addresses go back without the time of their last change."""
    if isinstance(value, list):
        return [_clean(one) for one in value]
    return {name: one for name, one in value.items() if name != "lastChanged"} if isinstance(value, dict) else value


def _deliverable(collection: PowerOfficeCollection, whole: dict[str, Any]) -> dict[str, Any]:
    """A customer without an e-mail is refused unless invoices are printed."""
    reachable = whole.get("emailAddress") or whole.get("invoiceEmailAddress")
    by_email = whole.get("invoiceDeliveryType") in {None, PDF_BY_EMAIL}
    if collection.invoiced and by_email and not reachable:
        return {**whole, "invoiceDeliveryType": PRINT}
    return whole
