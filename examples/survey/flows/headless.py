"""The slow flows, of the pool headless-runs: each waits for a session on another machine."""

import random
import subprocess
from pathlib import Path

import survey
from prefect import flow, get_run_logger

REMOTE_SESSION = Path(__file__).resolve().parent.parent / "bin" / "remote-session"


@flow(name="calibrate", log_prints=True)
def calibrate(name: str, seconds: int | None = None) -> None:
    """Calibrates a dataset in a remote session."""
    run_session("calibrate", name, seconds)


@flow(name="image", log_prints=True)
def image(name: str, seconds: int | None = None) -> None:
    """Makes an image of a dataset in a remote session."""
    run_session("image", name, seconds)


def run_session(task: str, name: str, seconds: int | None) -> None:
    """Opens a session and passes on what it says, until it ends by itself."""
    if seconds is None:
        seconds = random.Random(task + name).randint(15, 40)
    logger = get_run_logger()
    with survey.working_on(name, task) as dataset:
        command = [str(REMOTE_SESSION), task, name, str(seconds)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as session:
            logger.info("session %d: %d seconds to go", session.pid, seconds)
            assert session.stdout is not None
            try:
                with open(dataset.folder / f"{task}.log", "w") as log:
                    for line in session.stdout:
                        print(line.rstrip())
                        log.write(line)
            except BaseException:  # a cancelled run leaves no session behind
                session.terminate()
                raise
        if session.returncode != 0:
            raise RuntimeError(f"the session ended with status {session.returncode}")
