/** A real Prometheus on loopback, with an empty database; gone after the test. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "vitest";
import { stringify } from "yaml";
import { findFreePort } from "../../src/host/free-port.ts";
import { toolOf } from "./debian-tools.ts";
import { askUntil } from "./prefect-server.ts";

export interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [at: number, value: string];
}

export interface Alert {
  readonly labels: Readonly<Record<string, string>>;
  readonly state: "pending" | "firing";
}

export interface RuleState {
  readonly name: string;
  readonly health: string;
  readonly lastError?: string;
}

export class Prometheus implements AsyncDisposable {
  readonly url: string;
  readonly #end: () => Promise<void>;

  private constructor(url: string, end: () => Promise<void>) {
    this.url = url;
    this.#end = end;
  }

  /** @param config its configuration; paths in it are relative to the folder of the test's run */
  static async start(config: object, ctx: Pick<TestContext, "skip">): Promise<Prometheus> {
    const program = await toolOf("prometheus", ctx);
    const directory = await mkdtemp(join(tmpdir(), "sails-prometheus-"));
    const port = await findFreePort();
    const file = join(directory, "prometheus.yml");
    await writeFile(file, stringify(config));
    const child = spawn(
      program,
      [
        ...[`--config.file=${file}`, `--storage.tsdb.path=${join(directory, "data")}`],
        ...[`--web.listen-address=127.0.0.1:${port}`, "--log.level=warn"],
      ],
      { stdio: ["ignore", "ignore", "pipe"], cwd: directory },
    );
    let said = "";
    child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
    const ended = once(child, "exit");
    const url = `http://127.0.0.1:${port}`;
    const end = async (): Promise<void> => {
      child.kill("SIGKILL");
      await ended;
      await rm(directory, { recursive: true, force: true });
    };
    const isUp = askUntil(
      async () => (await fetch(`${url}/-/ready`)).ok,
      (ok) => ok,
    );
    const first = await Promise.race([isUp.then(() => "up"), ended.then(() => "ended")]);
    if (first === "up") return new Prometheus(url, end);
    await end();
    throw new Error(`Prometheus ended: ${said}`);
  }

  async query(expression: string): Promise<readonly Sample[]> {
    const answer = await this.#ask<{ result: readonly Sample[] }>(
      `query?query=${encodeURIComponent(expression)}`,
    );
    return answer.result;
  }

  async alerts(): Promise<readonly Alert[]> {
    return (await this.#ask<{ alerts: readonly Alert[] }>("alerts")).alerts;
  }

  async rules(): Promise<readonly RuleState[]> {
    const { groups } = await this.#ask<{ groups: { rules: RuleState[] }[] }>("rules");
    return groups.flatMap(({ rules }) => rules);
  }

  async #ask<T>(what: string): Promise<T> {
    const response = await fetch(`${this.url}/api/v1/${what}`);
    const said = (await response.json()) as { data: T; error?: string };
    if (said.error !== undefined) throw new Error(said.error);
    return said.data;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#end();
  }
}
