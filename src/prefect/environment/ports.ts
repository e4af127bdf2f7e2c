/** What the building of environments needs of the machine. `host/` implements it; tests script it. */

/** All that is read of a project, in one look. */
export const projectFiles = [
  "pyproject.toml",
  "uv.lock",
  "requirements-locked.txt",
  ".python-version",
] as const;

export type ProjectTexts = Readonly<Partial<Record<(typeof projectFiles)[number], string>>>;

/**
 * Looks at the project's folder, which may lie on a mount that hangs: each look is a process of its
 * own that is left behind when it does not come back, and there is never a second one beside it.
 */
export interface ProjectReader {
  /** @param known the fingerprint of the last look: nothing is read if it still fits */
  read(project: string, known: string | undefined): Promise<ReadProject>;
  /** Copies folders of the project to the same places below `target`. */
  copy(project: string, folders: readonly string[], target: string): Promise<CopiedFolders>;
}

export type ReadProject =
  | { readonly kind: "unchanged" }
  | { readonly kind: "read"; readonly content: ProjectContent }
  | Unread;

export type CopiedFolders = { readonly kind: "copied"; readonly digest: string } | Unread;

/** `hangs`: it did not come back within its time, or one of before still has not. */
export type Unread = { readonly kind: "hangs" } | { readonly kind: "failed"; readonly why: string };

export interface ProjectContent {
  /** Of sizes and times of change. */
  readonly fingerprint: string;
  readonly texts: ProjectTexts;
  /** Where the project's own modules lie: itself, or `src` in it. */
  readonly sources: string;
}

export interface Interpreter {
  readonly path: string;
  /** `3.12.3`. */
  readonly version: string;
}

/** uv, wherever it was found. Each call runs in `directory`, and is cut short by its signal. */
export interface Uv {
  readonly version: string;
  /** @param wanted a version, a range or a path; never downloads one */
  findPython(
    wanted: string,
    directory: string,
    signal: AbortSignal,
  ): Promise<Interpreter | undefined>;
  installedPythons(directory: string, signal: AbortSignal): Promise<readonly Interpreter[]>;
  run(args: readonly string[], directory: string, signal: AbortSignal): Promise<UvResult>;
}

export interface UvResult {
  readonly isOk: boolean;
  /** See `CommandResult.how`. */
  readonly how: string;
  /** The last 64 KiB of both streams. */
  readonly output: string;
}

export type FoundUv =
  | { readonly kind: "found"; readonly uv: Uv }
  | { readonly kind: "failed"; readonly output: string };

/** What lies at `environment.path`. */
export type Place =
  | { readonly kind: "absent" }
  | { readonly kind: "folder" }
  /** `version`: undefined where the link leads out of our folder. */
  | { readonly kind: "link"; readonly target: string; readonly version: string | undefined };

/** A folder with a Python environment in it. */
export interface FoundVersion {
  readonly name: string;
  readonly path: string;
  /** What a build has left in it; see `versions.ts`. */
  readonly record: string | undefined;
  readonly python: string | undefined;
  readonly prefect: string | undefined;
  readonly changedAt: Date;
}

/** The folders of all versions, and the link to the current one. Rejects with what the system says. */
export interface VersionStore {
  place(): Promise<Place>;
  found(): Promise<readonly FoundVersion[]>;
  /** Ends what a crash has left half done at `environment.path` itself. */
  heal(): Promise<void>;
  /** Removes what builds and removals have left that did not come to their end. */
  sweep(): Promise<void>;
  /** Moves the folder that lies at `environment.path` to the versions, and links to it. */
  adopt(name: string): Promise<void>;
  /** An empty folder beside the versions, to build in. */
  begin(name: string): Promise<string>;
  /** Makes what was built a version. */
  finish(building: string, name: string, record: string): Promise<void>;
  rewriteRecord(path: string, record: string): Promise<void>;
  /** By one rename. @param target a version's name, or where a link of somebody's led */
  switchTo(target: string): Promise<void>;
  remove(path: string): Promise<void>;
}
