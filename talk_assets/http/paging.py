"""The ways in which APIs hand out a long list, as generators of its parts with a bounded number of requests open.

What the parts hold is the connection's concern.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Coroutine, Iterable
from contextlib import suppress
from itertools import islice
from typing import Any, Protocol, TypeVar

T = TypeVar("T")
R = TypeVar("R")


class Sized(Protocol):
    """A page that knows whether it is the last."""

    @property
    def last(self) -> bool:
        """Whether nothing follows."""
        ...


P = TypeVar("P", bound=Sized)


async def numbered(
    fetch: Callable[[int], Coroutine[Any, Any, P]],
    *,
    first: int,
    window: int = 1,
    end: Callable[[P], int | None] = lambda _: None,
) -> AsyncGenerator[P, None]:
    """Yield the pages from number `first` up to the one that says it is the last, fetching others while one is in use.

    Where a page tells the number of the last one, by `end`, at most `window` are fetched at a time; elsewhere one, as
    nobody knows whether there are more. None is asked for beyond the end.
    """
    tasks: deque[asyncio.Task[P]] = deque([asyncio.create_task(fetch(first))])
    number = first + 1
    try:
        while True:
            page = await tasks.popleft()
            if page.last:
                yield page
                return
            last = end(page)
            while not tasks or (len(tasks) < window and last is not None and number <= last):
                tasks.append(asyncio.create_task(fetch(number)))
                number += 1
            yield page
    finally:
        await cancel(tasks)


async def feed(
    fetch: Callable[[str | None], Coroutine[Any, Any, P]], follow: Callable[[P], str | None], start: str | None
) -> AsyncIterator[P]:
    """Yield the pages that each name the next, fetching that one while its predecessor is in use."""
    ahead: asyncio.Task[P] | None = asyncio.create_task(fetch(start))
    try:
        while ahead is not None:
            page = await ahead
            ahead = None if page.last else asyncio.create_task(fetch(follow(page)))
            yield page
    finally:
        await cancel([ahead] if ahead else [])


async def gather(work: Callable[[T], Awaitable[R]], items: Iterable[T], *, window: int) -> AsyncIterator[R]:
    """Yield what `work` returns for each item as soon as it does, at most `window` at a time, in any order.

    After an exception nothing new is begun, but what is under way is waited for and yielded before it is raised: the
    answer to a write that was sent is never thrown away.
    """
    waiting = iter(items)
    open_: set[asyncio.Future[R]] = set()
    done: deque[asyncio.Future[R]] = deque()
    news = asyncio.Event()
    failed: Exception | None = None

    def finished(future: asyncio.Future[R]) -> None:
        done.append(future)
        news.set()

    try:
        while True:
            for item in islice(waiting, window - len(open_) if failed is None else 0):
                open_.add(future := asyncio.ensure_future(work(item)))
                future.add_done_callback(finished)  # to wait for all of them would take time for each, each time
            if not open_:
                break
            news.clear()
            if not done:
                await news.wait()
            for _ in range(len(done)):
                ended = done.popleft()
                open_.discard(ended)
                if isinstance(error := ended.exception(), Exception):
                    failed = failed or error
                else:
                    yield ended.result()
    finally:
        await cancel(open_)
    if failed is not None:
        raise failed


async def cancel(tasks: Iterable[asyncio.Future[Any]]) -> None:
    """Stop what is no longer wanted, and wait until it has stopped."""
    for task in tasks:
        task.cancel()
    for task in tasks:
        with suppress(asyncio.CancelledError, Exception):
            await task
