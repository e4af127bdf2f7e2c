/** The output files of all units, in one folder. */
import { join } from "node:path";
import { OutputFile } from "./output-file.ts";
import type { OutputRotation } from "./output-rotation.ts";

export class OutputFolder {
  readonly #directory: string;
  readonly #rotation: OutputRotation;
  readonly #files = new Map<string, OutputFile>();

  constructor(directory: string, rotation: OutputRotation) {
    this.#directory = directory;
    this.#rotation = rotation;
  }

  /** Also for a unit whose child an earlier daemon has started: from now on its file is bounded. */
  of(unit: string): OutputFile {
    const known = this.#files.get(unit);
    const file = known ?? new OutputFile(join(this.#directory, outputFileName(unit)));
    if (known === undefined) this.#files.set(unit, file);
    this.#rotation.follow(file);
    return file;
  }
}

/** A unit's name has no slash; a name that has one all the same stays inside the folder. */
export const outputFileName = (unit: string): string => `${unit.replaceAll("/", "%2F")}.log`;
