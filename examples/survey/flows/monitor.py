"""The flow that runs on a schedule: it looks where datasets stand and starts what they need.

It waits for nothing that it starts, so that the next scheduled run is never late behind it.
"""

import survey
from prefect import flow, get_run_logger
from prefect.deployments import run_deployment


@flow(name="monitor")
def monitor(starts_per_run: int = 2, at_once: int = 8) -> None:
    """One look at the database.

    The start of a flow run costs seconds of CPU: with two starts every thirty seconds a
    machine with one CPU stays usable.
    """
    logger = get_run_logger()

    for name in survey.mark_silent_as_error():
        logger.warning("%s: its run has vanished, the dataset is in error now", name)

    night = survey.begin_night_if_done()
    if night is not None:
        logger.info("night %d begins", night)
        if night > 1:
            start("night-report", f"night-report-{night - 1}", {"night": night - 1})

    for _ in range(starts_per_run):
        due = survey.mark_next_pending(at_once)
        if due is None:
            break
        name, step = due
        logger.info("%s is %s: starting %s", name, step.before, step.name)
        try:
            start(step.name, f"{step.name}-{name}", {"name": name})
        except Exception:
            survey.unmark_pending(name)
            raise


def start(deployment: str, run_name: str, parameters: dict[str, str | int]) -> None:
    """Starts a run that is on its own: not waited for, and not a subflow of the monitor."""
    run_deployment(
        f"{deployment}/{deployment}",
        flow_run_name=run_name,
        parameters=parameters,
        timeout=0,
        as_subflow=False,
    )
