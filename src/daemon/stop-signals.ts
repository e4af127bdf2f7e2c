/** SIGTERM and SIGINT, from the first moment on: the first asks for an orderly stop, the second for a quick one. */

export interface StopSignals {
  /** Aborted by the first, with its name as the reason. */
  readonly stop: AbortSignal;
  /** Aborted by the second. */
  readonly hurry: AbortSignal;
}

export function listenForStop(): StopSignals {
  const stop = new AbortController();
  const hurry = new AbortController();
  for (const name of ["SIGTERM", "SIGINT"] as const) {
    process.on(name, () => (stop.signal.aborted ? hurry.abort(name) : stop.abort(name)));
  }
  return { stop: stop.signal, hurry: hurry.signal };
}
