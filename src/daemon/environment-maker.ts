/** Makes the environment that is declared: builds it, or finds that it is there already and tries that. */
import { join } from "node:path";
import { askCapabilities, type Capabilities } from "../prefect/capabilities.ts";
import { build, type Prepared, prepare, type Scratch } from "../prefect/environment/build.ts";
import type { Declaration } from "../prefect/environment/declaration.ts";
import { explainFailure, type Failure } from "../prefect/environment/failure.ts";
import type {
  FoundUv,
  ProjectContent,
  ProjectReader,
  VersionStore,
} from "../prefect/environment/ports.ts";
import { type Version, withInputs, writeRecord } from "../prefect/environment/versions.ts";
import type { RunCommand } from "../prefect/ports.ts";

export interface MakerDeps {
  readonly wallClock: () => Date;
  readonly reader: ProjectReader;
  readonly findUv: (
    folder: string,
    progress: (doing: string) => void,
    signal: AbortSignal,
  ) => Promise<FoundUv>;
  readonly run: RunCommand;
  readonly files: Scratch;
  /** Of the commands that try a new environment. */
  readonly base: Readonly<Record<string, string>>;
  readonly log: (level: "info" | "warn", message: string) => void;
}

/** What was read of the project last. */
export interface Known {
  readonly content: ProjectContent;
  readonly declaration: Declaration;
}

export interface Wanted {
  readonly project: string;
  readonly stateDir: string;
  readonly store: VersionStore;
  readonly known: Known;
  readonly versions: readonly Version[];
  readonly current: Version | undefined;
  /** One that is known to be what is declared. */
  readonly there: Version | undefined;
  readonly progress: (doing: string) => void;
  readonly signal: AbortSignal;
}

export type Made =
  | {
      readonly kind: "made";
      /** Of a version. */
      readonly name: string;
      /** Undefined: it is the current one. */
      readonly capabilities: Capabilities | undefined;
    }
  | { readonly kind: "failed"; readonly failure: Failure };

export class EnvironmentMaker {
  readonly #deps: MakerDeps;

  constructor(deps: MakerDeps) {
    this.#deps = deps;
  }

  async make(wanted: Wanted): Promise<Made> {
    const { there, progress } = wanted;
    if (there === undefined) return this.#build(wanted);
    progress(`tries ${there.name}, which is there already`);
    return this.#try(wanted, there);
  }

  async #build(wanted: Wanted): Promise<Made> {
    const { reader, run, files, findUv, log, wallClock } = this.#deps;
    const { project, store, known, versions, progress, signal } = wanted;
    progress("looks for uv");
    const folder = scratchFolder(wanted);
    const found = await findUv(folder, progress, signal);
    if (found.kind === "failed") {
      const failure = explainFailure("fetch-uv", "could not get it", found.output);
      return { kind: "failed", failure };
    }
    const parts = {
      uv: found.uv,
      ...{ store, reader, run, files, project, progress, signal },
      // The whole path, so that what lies beside the project lies beside its copy.
      mirror: join(folder, "project", project),
      trialEnvironment: this.#trialEnvironment(wanted),
      now: wallClock,
    };
    progress("reads the lock");
    const preparation = await prepare(parts, known.declaration, known.content);
    if (preparation.kind === "failed") return preparation;
    const { prepared } = preparation;
    const { name, requirements, python } = prepared;
    const there = versions.find((version) => version.name === name);
    if (there !== undefined) return this.#accept(wanted, there, prepared);
    log(
      "info",
      `builds the Python environment ${name}: ${requirements.count} packages, ${python.path}`,
    );
    const built = await build(parts, prepared);
    if (built.kind === "failed") return built;
    return { kind: "made", name, capabilities: built.capabilities };
  }

  /** Other words in the files, the same packages. */
  async #accept(wanted: Wanted, version: Version, prepared: Prepared): Promise<Made> {
    const { name, path, record } = version;
    const { inputs } = prepared.declaration;
    if (record !== undefined) {
      await wanted.store.rewriteRecord(path, writeRecord(withInputs(record, inputs)));
    }
    return name === wanted.current?.name
      ? { kind: "made", name, capabilities: undefined }
      : this.#try(wanted, version);
  }

  async #try(wanted: Wanted, { name, path }: Version): Promise<Made> {
    const asked = await askCapabilities(this.#deps.run, join(path, "bin/prefect"), {
      env: this.#trialEnvironment(wanted),
      directory: "/",
      timeoutMs: 300_000,
      signal: wanted.signal,
    });
    if (asked.kind === "known") return { kind: "made", name, capabilities: asked.capabilities };
    const cure = `Remove ${path}, then \`sails-supervisor env sync\` builds it again`;
    return { kind: "failed", failure: { reason: "import", why: asked.why, cure } };
  }

  /** A PREFECT_HOME that nobody else uses. */
  #trialEnvironment(wanted: Wanted): Readonly<Record<string, string>> {
    return {
      ...this.#deps.base,
      PREFECT_HOME: join(scratchFolder(wanted), "home"),
      PREFECT_SERVER_EPHEMERAL_ENABLED: "false",
      DO_NOT_TRACK: "1",
      NO_COLOR: "1",
    };
  }
}

const scratchFolder = ({ stateDir }: Pick<Wanted, "stateDir">): string =>
  join(stateDir, "environment");
