"""Prints where the datasets stand: python flows/show.py [FOLDER of survey.db]."""

import sqlite3
import sys
from collections import Counter
from contextlib import closing
from pathlib import Path

import survey


def main() -> int:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else survey.data_folder()
    path = folder / "survey.db"
    if not path.exists():
        print(f"No survey at {path}: set SURVEY_DATA or PREFECT_HOME, or name its folder.")
        return 1
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as db:
        db.row_factory = sqlite3.Row
        rows = db.execute("SELECT * FROM datasets ORDER BY night, ra").fetchall()
    datasets = [survey.Dataset(**row) for row in rows]

    print(f"{'DATASET':<18} {'RA':>8} {'DEC':>8}  {'STATE':<11} {'ACTIVITY':<12} UPDATED")
    for each in datasets:
        line = f"{each.name:<18} {each.ra:>8.3f} {each.dec:>8.3f}  {each.state:<11}"
        print(f"{line} {each.activity:<12} {each.updated[:19]}  {each.note}".rstrip())
    counts = Counter(each.state for each in datasets)
    print(", ".join(f"{count} {state}" for state, count in counts.items()) or "no datasets yet")
    return 0


if __name__ == "__main__":
    sys.exit(main())
