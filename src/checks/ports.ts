/** What checking needs of the machine. `host/` implements it; tests script it. */

/** One question that is under way. */
export interface Look {
  /** Never rejects. It may never settle: what waits for a file system that hangs cannot be ended. */
  readonly ended: Promise<Looked>;
  /** Ends it, if it can be ended. */
  kill(): void;
}

export type Looked =
  | {
      readonly kind: "ended";
      /** Undefined if a signal ended it. */
      readonly status: number | undefined;
      readonly signal: string | undefined;
      /** What it printed, in order; only the end of it if that is more than what is kept. */
      readonly output: string;
      /** It printed so much that it was ended for it. */
      readonly isTooMuch: boolean;
    }
  /** Of a question over HTTP: it was answered, with whatever status. */
  | { readonly kind: "answered"; readonly status: number }
  | { readonly kind: "refused"; readonly why: string }
  /** Our own trouble: nothing is known of what was asked. */
  | { readonly kind: "not-asked"; readonly why: string };

export interface Looker {
  /** Never throws, and never waits: not for a program that lies on a file system that hangs either. */
  run(request: LookRequest): Look;
  get(url: string): Look;
  /** Questions of an earlier daemon that cannot be ended, by check. */
  leftBehind(): ReadonlyMap<string, LeftBehind>;
}

export interface LookRequest {
  readonly check: string;
  readonly question: Question;
}

/** What a child is asked. */
export type Question =
  | {
      readonly kind: "mount" | "file" | "certificate" | "space" | "size" | "home";
      readonly path: string;
    }
  | { readonly kind: "command"; readonly command: readonly string[] };

export interface LeftBehind {
  readonly startedAt: Date;
  isThere(): boolean;
}
