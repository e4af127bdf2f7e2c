"""What is killed: flows that write into a ledger what they did, so that it is seen past Prefect."""

import json
import os
import resource
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


def begin(ledger: str) -> None:
    """The first line of each flow's code, with the CPU time that its processes took to come so far."""
    cpu = 0.0
    for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN):
        usage = resource.getrusage(who)
        cpu += usage.ru_utime + usage.ru_stime
    note(ledger, "start", cpu=cpu)


def work(seconds: float) -> None:
    """Prints and logs each second: whoever writes to a reader that has gone is found out."""
    logger = get_run_logger()
    for second in range(round(seconds)):
        print(f"second {second}")
        logger.info("second %d of %d", second, seconds)
        time.sleep(1)


@flow(name="instant", log_prints=True)
def instant(ledger: str) -> None:
    """Ends as soon as it has begun."""
    begin(ledger)
    note(ledger, "end")


@flow(name="steady", log_prints=True)
def steady(ledger: str, seconds: float) -> None:
    """Prints and logs all the time."""
    begin(ledger)
    work(seconds)
    note(ledger, "end")


@flow(name="parent", log_prints=True)
def parent(ledger: str, seconds: float, session: bool = True, deaf: bool = True) -> None:
    """Has a child that would outlive it: in a session of its own, deaf to SIGTERM."""
    begin(ledger)
    script = 'trap "" TERM; exec sleep 1000' if deaf else "exec sleep 1000"
    child = subprocess.Popen(["/bin/sh", "-c", script], start_new_session=session)
    note(ledger, "child", child=child.pid)
    work(seconds)
    note(ledger, "end")


@flow(name="hungry", log_prints=True)
def hungry(ledger: str, seconds: float) -> None:
    """Takes 50 MB more every tenth of a second once its time has come: whoever limits it must end it."""
    begin(ledger)
    work(seconds)
    hoard = []
    while True:
        hoard.append(b"x" * 50_000_000)
        time.sleep(0.1)


@flow(name="stubborn", log_prints=True)
def stubborn(ledger: str, seconds: float) -> None:
    """Goes on whatever it is told: a cancellation has to kill it."""
    begin(ledger)
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            work(deadline - time.monotonic())
        except BaseException as told:
            print(f"goes on in spite of {type(told).__name__}")
    note(ledger, "end")
