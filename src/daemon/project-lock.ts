/** What the project declares, by the last look at it. */
import { declarationOf } from "../prefect/environment/declaration.ts";
import type { Failure } from "../prefect/environment/failure.ts";
import type { ProjectReader } from "../prefect/environment/ports.ts";
import type { Known } from "./environment-maker.ts";

export class ProjectLock {
  readonly project: string;
  readonly python: string | undefined;
  readonly #reader: ProjectReader;
  #known: Known | undefined;

  constructor(project: string, python: string | undefined, reader: ProjectReader) {
    this.project = project;
    this.python = python;
    this.#reader = reader;
  }

  /** Undefined while it has not been read, or makes no sense. */
  get known(): Known | undefined {
    return this.#known;
  }

  /** @param isOrdered it is read even if it looks as it did */
  async look(isOrdered: boolean): Promise<"known" | "hangs" | Failure> {
    const fingerprint = isOrdered ? undefined : this.#known?.content.fingerprint;
    const read = await this.#reader.read(this.project, fingerprint);
    switch (read.kind) {
      case "unchanged":
        return "known";
      case "hangs":
        return "hangs";
      case "failed":
        return {
          reason: "other",
          why: `the project cannot be read: ${read.why}`,
          cure: "Look at the folder, its rights and its mount, or correct environment.project",
        };
      case "read": {
        this.#known = undefined;
        const declared = declarationOf(read.content.texts, this.python);
        if (declared.kind === "faulty") {
          return { reason: "lock", why: declared.why, cure: declared.cure };
        }
        this.#known = { content: read.content, declaration: declared.declaration };
        return "known";
      }
      default:
        return read satisfies never;
    }
  }
}
