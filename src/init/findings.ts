/** What is there before sails-supervisor comes: a project, and what people run of it by hand. */

export interface Findings {
  readonly project: string;
  /** Each with what its entries say. */
  readonly prefectYamls: readonly FoundDeployments[];
  /** The file in which people keep PREFECT_HOME and the addresses. */
  readonly envFile: string | undefined;
  readonly variables: ReadonlyMap<string, string>;
  /** What says which packages the project needs; undefined where nothing does. */
  readonly lock: "uv.lock" | "requirements-locked.txt" | undefined;
  /** Of Python environments that have a `bin/prefect`, the likeliest first. */
  readonly environments: readonly string[];
  readonly byHand: readonly ByHand[];
  readonly pools: FoundPools;
}

export interface FoundDeployments {
  readonly file: string;
  readonly deployments: readonly {
    readonly name: string;
    /** Undefined where the entry names none, or a template that Prefect fills in. */
    readonly pool: string | undefined;
  }[];
  /** It could not be read. */
  readonly trouble?: string;
}

/** A process of Prefect's that somebody has started. */
export type ByHand = {
  readonly pid: number;
  /** The folder of its Python environment. */
  readonly environment: string | undefined;
  /** PREFECT_HOME, as it was given. */
  readonly home: string | undefined;
} & (
  | { readonly kind: "server"; readonly host: string | undefined; readonly port: number }
  | { readonly kind: "worker"; readonly pool: string | undefined }
);

export type FoundPools =
  | {
      readonly kind: "known";
      /** The server's address, or the path of its database. */
      readonly from: string;
      readonly pools: readonly FoundPool[];
    }
  | { readonly kind: "unknown"; readonly why: string };

export interface FoundPool {
  readonly name: string;
  readonly type: string;
  readonly limit: number | null;
}
