import { expect } from "vitest";

/** Waits for what comes sooner or later; on a loaded machine later. */
export const eventually = <T>(look: () => T) =>
  expect.poll(look, { interval: 10, timeout: 30_000 });
