"""The light flows, of the pool vm-runs: a few seconds each, and small files as results."""

import csv
import json
import random
import time

import survey
from prefect import flow, get_run_logger


@flow(name="check")
def check(name: str) -> None:
    """Looks whether the raw data are complete, and writes a summary of them."""
    with survey.working_on(name, "check") as dataset:
        time.sleep(2)
        dice = random.Random(name)  # the same dataset, the same numbers
        summary = {
            "dataset": dataset.name,
            "ra": dataset.ra,
            "dec": dataset.dec,
            "antennas": dice.randint(40, 50),
            "noise_mjy": round(dice.uniform(0.02, 0.4), 3),
        }
        (dataset.folder / "check.json").write_text(json.dumps(summary, indent=2) + "\n")
        get_run_logger().info("%s: %d antennas", name, summary["antennas"])


@flow(name="catalogue")
def catalogue(name: str) -> None:
    """Lists the sources that the image shows."""
    with survey.working_on(name, "catalogue") as dataset:
        time.sleep(2)
        dice = random.Random(name)
        count = dice.randint(3, 20)
        with open(dataset.folder / "sources.csv", "w", newline="") as file:
            table = csv.writer(file)
            table.writerow(["ra", "dec", "flux_mjy"])
            for _ in range(count):
                ra = dataset.ra + dice.gauss(0, 0.005)
                dec = dataset.dec + dice.gauss(0, 0.005)
                table.writerow([f"{ra:.5f}", f"{dec:.5f}", f"{dice.paretovariate(1.5):.2f}"])
        get_run_logger().info("%s: %d sources", name, count)


@flow(name="night-report")
def night_report(night: int = 1) -> None:
    """Writes how a night ended; the monitor asks for it when the next one begins."""
    datasets = survey.read_night(night)
    done = [dataset for dataset in datasets if dataset.state == survey.FINAL]
    lines = [f"Night {night}: {len(done)} of {len(datasets)} datasets {survey.FINAL}", ""]
    lines += [f"{each.name:<20} {each.state:<12} {each.note}".rstrip() for each in datasets]
    folder = survey.night_folder(night)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "report.txt").write_text("\n".join(lines) + "\n")
    get_run_logger().info(lines[0])


@flow(name="reset-errors")
def reset_errors() -> None:
    """Started by hand, once the cause of the errors is gone."""
    for name in survey.reset_errors():
        get_run_logger().info("%s may go on", name)
