/**
 * Brings a worker to where it can be killed and nothing is lost: its pool takes no new runs, and each
 * run that it has claimed has a process of its own, or has ended.
 */
import type { Clock } from "../../supervision/ports.ts";
import { type Millis, ms, seconds } from "../../supervision/time.ts";
import type { Answer } from "../api/transport.ts";

/** A run that Prefect counts as live, and whose process would die with the worker or is not there yet. */
export interface Entangled {
  readonly name: string;
  /** `claimed`: its process is about to be started. `attached`: its output goes through the worker. */
  readonly kind: "claimed" | "attached";
}

export interface QuiesceDeps {
  readonly clock: Clock;
  readonly close: (signal: AbortSignal) => Promise<Answer<unknown>>;
  readonly entangled: (signal: AbortSignal) => Promise<Answer<readonly Entangled[]>>;
  /** For runs that are not detached. */
  readonly drainTimeout: Millis;
  /** Told when what is waited for is something else than before. */
  readonly waiting: (runs: readonly Entangled[]) => void;
}

/** A worker that has just asked for runs may claim them after its pool was closed. */
const quietLooks = 2;
const betweenLooks = ms(400);
/** From claim to process it takes a second; what hangs longer is put back by the guardian. */
const claimTimeout = seconds(20);

export type Quiesced =
  | { readonly kind: "quiet" }
  /** The worker cannot claim anything now either. */
  | { readonly kind: "server-away"; readonly why: string }
  | { readonly kind: "gave-up"; readonly on: readonly Entangled[] }
  | { readonly kind: "cut-short" };

export async function quiesce(deps: QuiesceDeps, signal: AbortSignal): Promise<Quiesced> {
  const { clock, waiting, drainTimeout } = deps;
  const began = clock.now();
  const closed = await deps.close(signal);
  if (signal.aborted) return { kind: "cut-short" };
  if (closed.kind !== "ok") return { kind: "server-away", why: closed.why };
  let told = "";
  for (let quiet = 0; ; ) {
    const runs = await deps.entangled(signal);
    if (signal.aborted) return { kind: "cut-short" };
    if (runs.kind !== "ok") return { kind: "server-away", why: runs.why };
    quiet = runs.value.length === 0 ? quiet + 1 : 0;
    if (quiet === quietLooks) return { kind: "quiet" };
    const elapsed = clock.now() - began;
    const patience = { claimed: claimTimeout, attached: drainTimeout };
    if (runs.value.length > 0 && runs.value.every(({ kind }) => elapsed >= patience[kind])) {
      return { kind: "gave-up", on: runs.value };
    }
    const names = runs.value.map(({ name, kind }) => `${kind} ${name}`).join();
    if (names !== told) waiting(runs.value);
    told = names;
    await pause(clock, betweenLooks, signal);
  }
}

function pause(clock: Clock, span: Millis, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const cancel = clock.schedule(span, resolve);
  signal.addEventListener(
    "abort",
    () => {
      cancel();
      resolve();
    },
    { once: true },
  );
  return promise;
}
