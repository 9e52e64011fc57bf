"""Copies of the database: made while a sync may be running, and put back in place of the present one.

Every moment between two transactions is one that a crash could have left behind, so a copy from any of them is a state
that the next sync goes on from. Only the handling of the files belongs here; `store` reads and writes them.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from talk_assets.errors import ConfigurationError, StoreError, StoreLocked
from talk_assets.store.copies import copy
from talk_assets.store.database import Store
from talk_assets.sync.read import reading

WAL = ".wal"
"""What DuckDB adds to a database's name for what a process that died had not written into it yet."""


def back_up(store: Store, file: Path) -> None:
    """Copy the database to a new file. Raise ConfigurationError where there is one, or no database; StoreError else."""
    if store.path is None or not store.path.exists():
        message = f"{store.path}: there is no database yet, so there is nothing to back up. Run talk sync first."
        raise ConfigurationError(message)
    _refuse_existing(file)
    with _beside(file) as partial:
        store.copy_to(partial)
        _flush(partial)
        _name(partial, file)


def restore(store: Store, file: Path, now: datetime) -> Path | None:
    """Put a copy of a backup in the database's place; return where the present one is kept, None where there is none.

    Whoever calls holds the run lock. Until the last step the present database is in place, and after it the restored
    one. The next sync reads everything in full before it creates anything.
    """
    if store.path is None or not file.is_file():
        message = f"{file}: there is no such file. It should be one that talk backup wrote."
        raise ConfigurationError(message)
    with _beside(store.path) as partial:
        copy(file, partial)
        with Store(partial, copied_from=file).transaction() as transaction:
            reading.begin_anew(transaction)
        _flush(partial)
        return _replace(store, partial, now)


def _replace(store: Store, new: Path, now: datetime) -> Path | None:
    """A database that cannot be opened, which may be why another is restored, is kept as it is."""
    path = store.path or new
    kept = path.with_name(f"{path.stem}-until-{now:%Y%m%dT%H%M%S}{path.suffix}")
    _refuse_existing(kept)
    if not path.exists():
        _keep_log(path, kept)
        new.replace(path)
        return None
    try:
        with store.alone():
            _keep(path, kept)
            new.replace(path)
    except StoreLocked:
        raise
    except StoreError:
        _keep(path, kept)
        _keep_log(path, kept)
        new.replace(path)
    _flush(path.parent)
    return kept


def _keep(path: Path, kept: Path) -> None:
    """Give the file a second name: to copy it would be to open it, and to close it would give up DuckDB's lock."""
    try:
        kept.hardlink_to(path)
    except OSError:
        shutil.copy2(path, kept)


def _keep_log(path: Path, kept: Path) -> None:
    """What belongs to the present database must not be taken for the restored one's."""
    log = path.with_name(path.name + WAL)
    if log.exists():
        log.rename(kept.with_name(kept.name + WAL))


@contextmanager
def _beside(file: Path) -> Iterator[Path]:
    """A name in the same folder for what is not finished, and nothing of it left afterwards."""
    partial = file.with_name(f".{file.name}.{os.getpid()}.partial")
    try:
        yield partial
    except OSError as error:
        message = f"{file}: could not be written ({error.strerror}). Its folder must exist, be writable and have room."
        raise StoreError(message) from error
    finally:
        for rest in (partial, partial.with_name(partial.name + WAL)):
            rest.unlink(missing_ok=True)


def _name(partial: Path, file: Path) -> None:
    """Give the finished file its name, unless somebody else did meanwhile."""
    try:
        file.hardlink_to(partial)
    except FileExistsError:
        _refuse_existing(file)
    except OSError:
        partial.replace(file)


def _refuse_existing(file: Path) -> None:
    if file.exists():
        message = f"{file}: exists already, and is not overwritten. Name a file that does not."
        raise ConfigurationError(message)


def _flush(path: Path) -> None:
    """Have the disk keep a file or a folder before anything relies on it."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
