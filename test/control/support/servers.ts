import { tmpdir } from "node:os";
import { expect, onTestFinished } from "vitest";
import { placeSocket } from "../../../src/control/socket-place.ts";
import { openSocketServer, type SocketServer } from "../../../src/control/socket-server.ts";
import { openWebServer } from "../../../src/control/web-server.ts";
import type { FakePlane } from "./fake-plane.ts";

/** On the loopback interface, at a port that was free. Returns its address. */
export async function webOf(plane: FakePlane, report: (error: unknown) => void = fail) {
  const result = await openWebServer({ plane, host: "127.0.0.1", port: 0, report });
  if (result.kind === "failed") throw new Error(result.why);
  onTestFinished(() => result.server[Symbol.asyncDispose]());
  return `http://127.0.0.1:${result.server.port}`;
}

export async function socketOf(
  plane: FakePlane,
  stateDir: string,
  folders: { runtimeDirectory?: string; temporary?: string } = {},
): Promise<SocketServer> {
  const { runtimeDirectory, temporary = tmpdir() } = folders;
  const place = placeSocket({ stateDir, runtimeDirectory, temporary });
  if (place.kind === "nowhere") throw new Error(place.why);
  const result = await openSocketServer({ plane, place, stateDir, report: fail });
  if (result.kind === "failed") throw new Error(result.why);
  onTestFinished(() => result.server[Symbol.asyncDispose]());
  return result.server;
}

function fail(error: unknown): void {
  expect.unreachable(`a route threw ${String(error)}`);
}
