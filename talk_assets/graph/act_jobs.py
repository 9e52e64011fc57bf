"""The jobs of what a person can do, for the Launchpad: each runs one act of `operate.actions`, with its own config.

What cannot be done, or would change nothing, fails the run with the sentence that `talk` would print.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from dagster import Config, Failure, JobDefinition, OpDefinition, OpExecutionContext, job, op
from pydantic import Field

from talk_assets.config.wiring import Wiring
from talk_assets.errors import TalkError
from talk_assets.graph.names import JobType
from talk_assets.operate.actions import Acting, unfinished
from talk_assets.sync.write import undo_run as undoing

RECORD = "A record, as SYSTEM/COLLECTION/ID."


class Link(Config):
    """Which two records describe the same thing."""

    one: str = Field(description=RECORD)
    other: str = Field(description=RECORD)


class Unlink(Config):
    """Which record is not what it is linked with, or what it might be."""

    record: str = Field(description=RECORD)


class Retry(Config):
    """What is sent again."""

    what: str | None = Field(default=None, description="A record or SYSTEM/COLLECTION; nothing for all that is held.")
    recreate: bool = Field(default=False, description="Create again what was deleted on the other side of the record.")


class Resolve(Config):
    """Which value is right."""

    record: str = Field(description=RECORD)
    field: str = Field(description="The field, as talk conflicts names it.")
    take: str | None = Field(default=None, description="The record whose value is right, where several have lost.")
    keep: bool = Field(default=False, description="Keep the value that won, and take the conflict off the list.")
    force: bool = Field(default=False, description="Even if the field was set after the conflict was noticed.")


class Approve(Config):
    """What may go on."""

    collections: list[str] = Field(description="What was stopped, as SYSTEM/COLLECTION.")


class Undo(Config):
    """Which run is taken back."""

    run: str = Field(description="The id of the run, or its first eight characters.")
    write: bool = Field(default=False, description="Do it; without, only say in the log what would be done.")


def acts(wiring: Wiring) -> list[JobDefinition]:
    """Return a job for each act: `act_link`, whose op `link` takes the configuration."""
    acting = Acting(wiring)

    @op(name="link")
    def link(context: OpExecutionContext, config: Link) -> None:
        _say(context, lambda: acting.link(config.one, config.other))

    @op(name="unlink")
    def unlink(context: OpExecutionContext, config: Unlink) -> None:
        _say(context, lambda: acting.unlink(config.record))

    @op(name="retry")
    def retry(context: OpExecutionContext, config: Retry) -> None:
        _say(context, lambda: acting.retry(config.what, recreate=config.recreate))

    @op(name="resolve")
    def resolve(context: OpExecutionContext, config: Resolve) -> None:
        take, keep, force = config.take, config.keep, config.force
        _say(context, lambda: acting.resolve(config.record, config.field, take=take, keep=keep, force=force))

    @op(name="approve")
    def approve(context: OpExecutionContext, config: Approve) -> None:
        _say(context, lambda: acting.approve(config.collections))

    @op(name="undo")
    def undo(context: OpExecutionContext, config: Undo) -> None:
        _undo(context, acting, config)

    described = {
        "link": (link, "Link two records that describe the same entity."),
        "unlink": (unlink, "Unlink a record, or reject the records that it might belong to and is held for."),
        "retry": (retry, "Send held changes again."),
        "resolve": (resolve, "Decide a conflict: take the value that lost, or keep the one that won."),
        "approve": (approve, "Approve changes that a safety limit stopped."),
        "undo": (
            undo,
            "Restore what a run changed and delete what it created, except for what somebody has edited since.",
        ),
    }

    def named(name: str, one: OpDefinition, description: str) -> JobDefinition:
        @job(name=JobType.ACT.named(name), description=description, tags=JobType.ACT.tags)
        def act() -> None:
            one()

        return act

    return [named(name, one, description) for name, (one, description) in described.items()]


def _say(context: OpExecutionContext, act: Callable[[], str]) -> None:
    with _failing():
        context.log.info("%s", act())


@contextmanager
def _failing() -> Iterator[None]:
    """A mistake is a sentence for a person, and no reason to try again."""
    try:
        yield
    except TalkError as error:
        raise Failure(str(error), allow_retries=False) from error


def _undo(context: OpExecutionContext, acting: Acting, config: Undo) -> None:
    with _failing():
        plan, summary = acting.undo(config.run) if config.write else (acting.plan_undo(config.run), None)
    for row in plan.possible.iter_rows(named=True):
        context.log.info("%s %s/%s %s", row["action"], row["collection"], row["id"], row["fields"])
    for row in plan.impossible.iter_rows(named=True):
        context.log.warning("not %s/%s: %s", row["collection"], row["id"], row["reason"])
    if summary is not None:
        context.log.info("%s", undoing.restored(summary.writes))
    elif plan.possible.height:
        context.log.info("Nothing was written; with write: true, %s records would be.", plan.possible.height)
    if failures := unfinished(plan, summary):
        raise Failure(" ".join(failures), allow_retries=False)
