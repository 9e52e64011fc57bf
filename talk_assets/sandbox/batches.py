"""Writes that arrive together are committed together: one commit costs more than everything else that a write does.

An answer may leave once the batch that its write is in has been committed, and not before.
"""

import asyncio

from talk_assets.sandbox.store import SandboxStore


class Spoiled(Exception):  # noqa: N818 -- says what became of a batch
    """Another write of the batch failed in a way that nobody foresaw; nothing of the batch has happened."""


class Batches:
    """The batch that is open, if one is."""

    def __init__(self, store: SandboxStore) -> None:
        self._store = store
        self._open: asyncio.Future[None] | None = None

    def join(self) -> asyncio.Future[None]:
        """Open a batch, or join the open one; what is returned is done when the batch has been committed.

        Whatever else is ready to run, runs before the commit.
        """
        if self._open is None:
            loop = asyncio.get_running_loop()
            self._store.execute("BEGIN IMMEDIATE")
            self._open = loop.create_future()
            loop.call_soon(self._commit)
        return self._open

    def spoil(self) -> None:
        """Undo the open batch, for all who are in it."""
        if self._open:
            self._store.execute("ROLLBACK")
            self._open.set_exception(Spoiled())
            self._open.exception()  # nobody else may be waiting to look at it
            self._open = None

    def _commit(self) -> None:
        if self._open:
            self._store.execute("COMMIT")
            self._open.set_result(None)
            self._open = None
