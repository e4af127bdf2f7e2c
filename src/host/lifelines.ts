/**
 * A FIFO for each unit, which its child holds open: by it the next daemon learns of the end of a
 * child that is not its own. Node cannot make one, so that all are made ahead, by one process.
 */
import { execFile } from "node:child_process";
import { constants, openSync, readdirSync, readlinkSync, realpathSync, rmSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { errnoOf, messageOf } from "./errno.ts";
import { isUnavailable } from "./processes.ts";

const run = promisify(execFile);
const mostAtATime = 500;

export class Lifelines {
  readonly #directory: string;
  readonly #report: (trouble: string) => void;
  #made: ReadonlySet<string> = new Set();

  /** @param directory must be there */
  constructor(directory: string, report: (trouble: string) => void) {
    this.#directory = realpathSync(directory);
    this.#report = report;
  }

  /** Makes those that are missing. A unit without one runs all the same. */
  async prepare(units: readonly string[]): Promise<void> {
    try {
      const there = this.#find();
      const missing = units.filter((unit) => !there.has(fileName(unit)));
      for (let at = 0; at < missing.length; at += mostAtATime) {
        const paths = missing.slice(at, at + mostAtATime).map((unit) => this.#pathOf(unit));
        for (const path of paths) rmSync(path, { recursive: true, force: true });
        await run("mkfifo", ["-m", "600", ...paths]);
      }
    } catch (error) {
      this.#report(
        `units run without a lifeline, so that a daemon which takes them over looks once a second whether they live: ${messageOf(error).trim()}`,
      );
    }
    this.#made = this.#find();
  }

  /** For one spawn; its owner closes it right after. */
  open(unit: string): number | undefined {
    if (!this.#made.has(fileName(unit))) return undefined;
    try {
      // For writing alone, it would wait for a reader.
      return openSync(this.#pathOf(unit), constants.O_RDWR);
    } catch (error) {
      if (errnoOf(error) === undefined) throw error;
      return undefined;
    }
  }

  /** Where the lifeline of a unit that this process holds can be opened; undefined if it holds none. */
  heldBy(pid: number, unit: string): string | undefined {
    const path = this.#pathOf(unit);
    try {
      const links = readdirSync(`/proc/${pid}/fd`).map((fd) => `/proc/${pid}/fd/${fd}`);
      // Also of one that has been removed since: by the descriptor it can still be opened.
      return links.find((link) => [path, `${path} (deleted)`].includes(targetOf(link)));
    } catch (error) {
      if (!isUnavailable(error)) throw error;
      // A program that lets nobody look at it may well hold it.
      return errnoOf(error) === "EACCES" ? path : undefined;
    }
  }

  #find(): ReadonlySet<string> {
    const entries = readdirSync(this.#directory, { withFileTypes: true });
    return new Set(entries.filter((entry) => entry.isFIFO()).map(({ name }) => name));
  }

  #pathOf(unit: string): string {
    return join(this.#directory, fileName(unit));
  }
}

/** A unit's name has no slash; a name that has one all the same stays inside the folder. */
const fileName = (unit: string): string => unit.replaceAll("/", "%2F");

function targetOf(link: string): string {
  try {
    return readlinkSync(link);
  } catch (error) {
    if (isUnavailable(error)) return "";
    throw error;
  }
}
