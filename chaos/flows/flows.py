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


def work(seconds: float) -> None:
    """Prints and logs each second: whoever writes to a reader that has gone is found out."""
    logger = get_run_logger()
    for second in range(round(seconds)):
        print(f"second {second}")
        logger.info("second %d of %d", second, seconds)
        time.sleep(1)


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
    work(seconds)
    note(ledger, "end")


@flow(name="parent", log_prints=True)
def parent(ledger: str, seconds: float, session: bool = True, deaf: bool = True) -> None:
    """Has a child that would outlive it: in a session of its own, deaf to SIGTERM."""
    note(ledger, "start")
    script = 'trap "" TERM; exec sleep 1000' if deaf else "exec sleep 1000"
    child = subprocess.Popen(["/bin/sh", "-c", script], start_new_session=session)
    note(ledger, "child", child=child.pid)
    work(seconds)
    note(ledger, "end")


@flow(name="hungry", log_prints=True)
def hungry(ledger: str, seconds: float) -> None:
    """Takes 50 MB more every tenth of a second once its time has come: whoever limits it must end it."""
    note(ledger, "start")
    work(seconds)
    hoard = []
    while True:
        hoard.append(b"x" * 50_000_000)
        time.sleep(0.1)


@flow(name="stubborn", log_prints=True)
def stubborn(ledger: str, seconds: float) -> None:
    """Goes on whatever it is told: a cancellation has to kill it."""
    note(ledger, "start")
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            work(deadline - time.monotonic())
        except BaseException as told:
            print(f"goes on in spite of {type(told).__name__}")
    note(ledger, "end")
