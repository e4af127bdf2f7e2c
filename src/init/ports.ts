/** What looking around needs of the machine. `init.ts` beside the folder puts it together. */
import type { CommandLine } from "./by-hand.ts";
import type { FoundPool } from "./findings.ts";

export interface Surroundings {
  /** Undefined if it is not there or cannot be read. */
  readonly read: (file: string) => Promise<string | undefined>;
  /** Names of the folders in a folder. */
  readonly foldersIn: (folder: string) => Promise<readonly string[]>;
  readonly exists: (path: string) => Promise<boolean>;
  /** Those of everybody that can be looked into. */
  readonly processes: () => readonly CommandLine[];
  readonly poolsOfServer: (apiUrl: string) => Promise<AnswerOfPools>;
  readonly poolsOfDatabase: (file: string) => Promise<AnswerOfPools>;
}

export type AnswerOfPools =
  | { readonly kind: "pools"; readonly pools: readonly FoundPool[] }
  | { readonly kind: "failed"; readonly why: string };
