"""What is killed: flows that write into a ledger what they did, so that it is seen past Prefect."""

import json
import os
import subprocess
import time

from prefect import flow, get_run_logger


def note(ledger: str, what: str, **more: object) -> None:
    """Appends a line in one write, which O_APPEND keeps whole among those of other runs."""
    run = os.environ["PREFECT__FLOW_RUN_ID"]
    entry = {"run": run, "pid": os.getpid(), "what": what, "at": time.time(), **more}
    descriptor = os.open(ledger, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        os.write(descriptor, (json.dumps(entry) + "\n").encode())
    finally:
        os.close(descriptor)


def work(ledger: str, seconds: float) -> None:
    """Prints and logs each second: whoever writes to a reader that has gone is found out."""
    logger = get_run_logger()
    released = f"{ledger}.{os.environ['PREFECT__FLOW_RUN_ID']}"
    second = 0
    while second < seconds:
        # Whoever does not know how long it has to last lets it end by a file.
        if os.path.exists(released):
            seconds = min(seconds, second + 3)
            released = os.devnull + "/none"
        print(f"second {second}")
        logger.info("second %d of %d", second, seconds)
        time.sleep(1)
        second += 1


@flow(name="quiet")
def quiet(ledger: str, seconds: float) -> None:
    """Does nothing for a while, so that there is time to look at what its start has cost."""
    note(ledger, "start")
    time.sleep(seconds)
    note(ledger, "end")


@flow(name="steady", log_prints=True)
def steady(ledger: str, seconds: float) -> None:
    """Prints and logs all the time."""
    note(ledger, "start")
    work(ledger, seconds)
    note(ledger, "end")


@flow(name="parent", log_prints=True)
def parent(ledger: str, seconds: float, children: int = 1) -> None:
    """Has children that would outlive it: each in a session of its own and deaf to SIGTERM."""
    note(ledger, "start")
    for _ in range(children):
        script = 'trap "" TERM; exec sleep 1000'
        child = subprocess.Popen(["/bin/sh", "-c", script], start_new_session=True)
        note(ledger, "child", child=child.pid)
    work(ledger, seconds)
    note(ledger, "end")


@flow(name="stubborn", log_prints=True)
def stubborn(ledger: str, seconds: float) -> None:
    """Goes on whatever it is told: a cancellation has to kill it."""
    note(ledger, "start")
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            work(ledger, deadline - time.monotonic())
        except BaseException as told:
            print(f"goes on in spite of {type(told).__name__}")
    note(ledger, "end")


@flow(name="reluctant", log_prints=True)
def reluctant(ledger: str, seconds: float) -> None:
    """Does what it is told, after a while: until then its cancellation is under way."""
    note(ledger, "start")
    try:
        work(ledger, seconds)
    except BaseException as told:
        print(f"has twelve seconds to go: {type(told).__name__}")
        time.sleep(12)
        raise
    note(ledger, "end")
