import * as fc from "fast-check";
import { expect, test } from "vitest";
import {
  backupName,
  backupsIn,
  expired,
  parseBackupName,
  partName,
  writerOfPart,
} from "../../src/host/database/backup-names.ts";

const at = (text: string) => new Date(text);

test("a name tells whose it is and when, without colons", () => {
  const name = backupName("prefect", at("2026-11-25T03:17:00.900Z"), "db");
  expect(name).toBe("prefect-2026-11-25T03-17-00Z.db");
  expect(parseBackupName(name)).toEqual({
    name,
    database: "prefect",
    takenAt: at("2026-11-25T03:17:00Z"),
  });
});

test.each([
  "prefect.db",
  "prefect-2026-11-25.db",
  "prefect-2026-11-25T03-17-00Z.db.gz",
  ".prefect-2026-11-25T03-17-00Z.db.17.part",
  "prefect-2026-99-99T03-17-00Z.db",
  "-2026-11-25T03-17-00Z.db",
])("%s is no backup", (name) => {
  expect(parseBackupName(name)).toBeUndefined();
});

const day = (n: number) => `prefect-2026-11-${String(n).padStart(2, "0")}T03-17-00Z.db`;

test("the oldest go, of this database alone, and nothing that is not ours", () => {
  const others = ["sky-2020-01-01T00-00-00Z.db", "prefect.db", "notes.txt"];
  const names = [day(3), ...others, day(1), day(4), day(2)];
  expect(expired(names, "prefect", 2)).toEqual([day(2), day(1)]);
  expect(expired(names, "prefect", 4)).toEqual([]);
  expect(expired(names, "sky", 1)).toEqual([]);
});

test("names sort as their times do, and none is lost between writing and reading", () => {
  const times = fc.uniqueArray(
    fc.date({ min: at("2000-01-01"), max: at("2099-01-01"), noInvalidDate: true }),
    {
      selector: (date) => Math.floor(date.getTime() / 1000),
    },
  );
  const unsorted = fc.sample(times, 200).filter((dates) => {
    const names = dates.map((date) => backupName("a-b", date, "db"));
    const found = backupsIn(names).map(({ name }) => name);
    return found.join() !== names.toSorted().toReversed().join();
  });
  expect(unsorted).toEqual([]);
});

test("what is not done is hidden, and tells who was at it", () => {
  const part = partName(day(1), 4711);
  expect(writerOfPart(part)).toBe(4711);
  expect(writerOfPart(`${part}-journal`)).toBe(4711);
  expect(writerOfPart(".notes.4711.part")).toBeUndefined();
});
