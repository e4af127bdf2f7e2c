"""The survey's database: how far each dataset is, and whether somebody works on it.

Imports only the standard library, so that show.py runs under any Python.
"""

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

TARGETS = (  # name, right ascension, declination, in degrees
    ("ngc253", 11.888, -25.288),
    ("ngc1068", 40.670, -0.013),
    ("ngc1365", 53.402, -36.140),
    ("hl-tau", 67.910, 18.233),
    ("orion-kl", 83.809, -5.372),
    ("tw-hya", 165.466, -34.705),
    ("ngc4945", 196.364, -49.468),
    ("m83", 204.254, -29.865),
    ("circinus", 213.291, -65.339),
    ("arp220", 233.738, 23.503),
    ("sgr-b2", 266.835, -28.386),
    ("ngc7469", 345.815, 8.874),
)

NIGHTS_KEPT = 3
"""Older nights are removed, rows and files: the example runs for ever."""

SILENCE = timedelta(minutes=15)
"""No step takes this long. A dataset that says nothing for longer has lost its flow run."""

SCHEMA = """
    CREATE TABLE IF NOT EXISTS datasets (
        name TEXT PRIMARY KEY,
        night INTEGER NOT NULL,
        ra REAL NOT NULL,
        dec REAL NOT NULL,
        state TEXT NOT NULL DEFAULT 'new',
        activity TEXT NOT NULL DEFAULT 'idle',
        note TEXT NOT NULL DEFAULT '',
        updated TEXT NOT NULL
    )
"""


@dataclass(frozen=True)
class Step:
    """A deployment NAME/NAME, and the two states that it leads from and to."""

    name: str
    before: str
    after: str


STEPS = (
    Step("check", "new", "checked"),
    Step("calibrate", "checked", "calibrated"),
    Step("image", "calibrated", "imaged"),
    Step("catalogue", "imaged", "catalogued"),
)
FINAL = STEPS[-1].after


@dataclass(frozen=True)
class Dataset:
    """One field of the sky, observed in one night."""

    name: str
    night: int
    ra: float
    dec: float
    state: str
    activity: str  # idle, pending (a run was started), in_progress (it works), error
    note: str
    updated: str

    @property
    def folder(self) -> Path:
        """Where this dataset's results are written."""
        return night_folder(self.night) / self.name


class NotPendingError(RuntimeError):
    """The dataset waits for no such step: a second run for it, or a reset in between."""


def data_folder() -> Path:
    """Outside the project, so that a run changes no file of the checkout."""
    if explicit := os.environ.get("SURVEY_DATA"):
        return Path(explicit)
    return Path(os.environ.get("PREFECT_HOME") or Path.home() / ".prefect") / "survey"


def night_folder(night: int) -> Path:
    """Where the results of one night are written."""
    return data_folder() / "results" / f"night-{night:04d}"


@contextmanager
def transaction() -> Iterator[sqlite3.Connection]:
    """One write transaction; the database is made on first use.

    It takes the write lock at once. One that reads first and then writes is refused,
    busy timeout or not, when somebody else has written in between.
    """
    path = data_folder() / "survey.db"
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path, timeout=30, isolation_level=None)) as db:
        db.row_factory = sqlite3.Row
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("BEGIN IMMEDIATE")
        with db:
            db.execute(SCHEMA)
            yield db


def read_night(night: int) -> list[Dataset]:
    """The datasets of one night, in the order of the sky."""
    with transaction() as db:
        rows = db.execute("SELECT * FROM datasets WHERE night = ? ORDER BY ra", (night,))
        return [Dataset(**row) for row in rows]


# --- what the monitor does -------------------------------------------------------------


def begin_night_if_done() -> int | None:
    """Seeds the next night once no dataset of the last one can go on; its number, or None."""
    with transaction() as db:
        last = db.execute("SELECT coalesce(max(night), 0) FROM datasets").fetchone()[0]
        if db.execute(
            "SELECT 1 FROM datasets WHERE night = ? AND state != ? AND activity != 'error'",
            (last, FINAL),
        ).fetchone():
            return None
        night = last + 1
        db.executemany(
            "INSERT INTO datasets (name, night, ra, dec, updated) VALUES (?, ?, ?, ?, ?)",
            [(f"n{night:04d}-{name}", night, ra, dec, _now()) for name, ra, dec in TARGETS],
        )
        db.execute("DELETE FROM datasets WHERE night <= ?", (night - NIGHTS_KEPT,))
    shutil.rmtree(night_folder(night - NIGHTS_KEPT), ignore_errors=True)
    return night


def mark_silent_as_error() -> list[str]:
    """Gives up datasets whose run was lost, and names them. Nobody repeats a step unasked."""
    limit = (datetime.now(UTC) - SILENCE).isoformat(timespec="seconds")
    with transaction() as db:
        rows = db.execute(
            "UPDATE datasets SET activity = 'error', note = activity || ', then silence',"
            " updated = ? WHERE activity IN ('pending', 'in_progress') AND updated < ?"
            " RETURNING name",
            (_now(), limit),
        ).fetchall()
    return [row["name"] for row in rows]


def mark_next_pending(at_once: int) -> tuple[str, Step] | None:
    """Chooses the dataset to go on with and marks it; None if none is due.

    The furthest first, so that a night yields results early. No more than AT_ONCE wait or
    work at a time: while nobody serves a pool, its queue does not grow.
    """
    with transaction() as db:
        busy = db.execute(
            "SELECT count(*) FROM datasets WHERE activity IN ('pending', 'in_progress')"
        ).fetchone()[0]
        if busy >= at_once:
            return None
        for step in reversed(STEPS):
            row = db.execute(
                "SELECT name FROM datasets WHERE state = ? AND activity = 'idle'"
                " ORDER BY night, ra LIMIT 1",
                (step.before,),
            ).fetchone()
            if row:
                _set_activity(db, row["name"], "pending")
                return row["name"], step
    return None


def unmark_pending(name: str) -> None:
    """Takes a mark back when its run could not be started."""
    with transaction() as db:
        _set_activity(db, name, "idle")


# --- what a step does ------------------------------------------------------------------


@contextmanager
def working_on(name: str, step_name: str) -> Iterator[Dataset]:
    """Takes a pending dataset, and leaves it in its next state, or in error.

    Deliberately not idempotent: only a pending dataset can be taken, and only once.
    """
    step = next(step for step in STEPS if step.name == step_name)
    with transaction() as db:
        taken = db.execute(
            "UPDATE datasets SET activity = 'in_progress', updated = ?"
            " WHERE name = ? AND state = ? AND activity = 'pending' RETURNING *",
            (_now(), name, step.before),
        ).fetchall()
    if not taken:
        raise NotPendingError(f"{name} does not wait for {step.name}")
    dataset = Dataset(**taken[0])
    dataset.folder.mkdir(parents=True, exist_ok=True)
    try:
        yield dataset
    except BaseException as why:  # also a cancellation: the step was left half done
        with transaction() as db:
            _set_activity(db, name, "error", f"{step.name}: {str(why) or type(why).__name__}")
        raise
    with transaction() as db:
        db.execute("UPDATE datasets SET state = ? WHERE name = ?", (step.after, name))
        _set_activity(db, name, "idle")


def reset_errors() -> list[str]:
    """Makes datasets in error wait for the step that failed again, and names them."""
    with transaction() as db:
        rows = db.execute(
            "UPDATE datasets SET activity = 'idle', note = '', updated = ?"
            " WHERE activity = 'error' RETURNING name",
            (_now(),),
        ).fetchall()
    return [row["name"] for row in rows]


def _set_activity(db: sqlite3.Connection, name: str, activity: str, note: str = "") -> None:
    db.execute(
        "UPDATE datasets SET activity = ?, note = ?, updated = ? WHERE name = ?",
        (activity, note, _now(), name),
    )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
