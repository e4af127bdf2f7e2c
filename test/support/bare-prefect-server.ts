/** A Prefect server alone, as by hand: an empty database, a free port, gone after the test. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findFreePort } from "../../src/host/free-port.ts";
import { ask, askUntil } from "./prefect-server.ts";

export interface BareServer extends AsyncDisposable {
  readonly apiUrl: string;
  readonly directory: string;
  /** Ends it at once, as the kernel would. */
  kill(): Promise<void>;
  /** After that: the same again, on its database and its port. */
  startAgain(): Promise<void>;
}

/** @param environment the folder of a Python environment */
export async function startBareServer(environment: string): Promise<BareServer> {
  const directory = await mkdtemp(join(tmpdir(), "sails-server-"));
  const port = await findFreePort();
  const apiUrl = `http://127.0.0.1:${port}/api`;
  const cwd = join(directory, "cwd");
  await mkdir(cwd);
  const command = ["server", "start", "--host", "127.0.0.1", "--port", String(port)];
  const launch = () =>
    spawn(join(environment, "bin/prefect"), command, {
      cwd,
      env: {
        HOME: directory,
        PATH: process.env["PATH"],
        PREFECT_HOME: directory,
        PREFECT_API_URL: apiUrl,
        PREFECT_SERVER_ANALYTICS_ENABLED: "false",
        DO_NOT_TRACK: "1",
        PREFECT_LOGGING_CONFIG_PATH: join(directory, "logging.yml"),
        PREFECT_SERVER_MEMO_STORE_PATH: join(directory, "memo_store.toml"),
      },
      stdio: "ignore",
    });
  let server = launch();
  let ended = once(server, "exit");
  const kill = async (): Promise<void> => {
    server.kill("SIGKILL");
    await ended;
  };
  const dispose = async (): Promise<void> => {
    await kill();
    await rm(directory, { recursive: true, force: true });
  };
  const answers = async (): Promise<void> => {
    const isUp = askUntil(
      () => ask<boolean>(apiUrl, "/health"),
      () => true,
    );
    const first = await Promise.race([isUp.then(() => "up"), ended.then(() => "ended")]);
    if (first === "up") return;
    await dispose();
    throw new Error(`the server of ${environment} ended before it answered`);
  };
  await answers();
  const startAgain = (): Promise<void> => {
    server = launch();
    ended = once(server, "exit");
    return answers();
  };
  return { apiUrl, directory, kill, startAgain, [Symbol.asyncDispose]: dispose };
}
