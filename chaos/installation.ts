/** What is attacked: some way of keeping a Prefect server and its workers running. */
import type { Place, PlaceOptions } from "./place.ts";

/** Disposed of, nothing of it is left: no process, no file. */
export interface Installation extends AsyncDisposable {
  /** For the caption of the table: what this is, and how it is set. */
  readonly caption: string;
  readonly place: Place;
  /** Of the server, as we reach it. */
  readonly apiUrl: string;
  /** How long it may take until all runs are final once nothing is killed any more. */
  readonly patienceMs: number;
  /** Resolves when the server answers, the deployments are there and the workers have been started. */
  start(): Promise<void>;
  /** The supervisor's process; undefined where there is none, or while it is away. */
  supervisorPid(): number | undefined;
  /** Resolves when the order to stop has been carried out. */
  stop(): Promise<void>;
}

export type Install = (options: PlaceOptions, signal: AbortSignal) => Promise<Installation>;

export type VictimKind = "supervisor" | "worker" | "server";
