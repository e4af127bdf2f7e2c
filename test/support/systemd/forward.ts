/** A port here that leads to one on the loopback of another network namespace. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * Runs in that namespace and in our file system: a unix socket's path knows no network. `join` and
 * what it is handed are all that it is made of.
 */
const relay = `
  const [port, path] = process.argv.slice(1);
  const { createServer, connect } = require("node:net");
  createServer({ allowHalfOpen: true }, (near) => {
    const far = connect({ port: Number(port), host: "127.0.0.1", allowHalfOpen: true });
    near.pipe(far).pipe(near);
    near.on("error", () => far.destroy());
    far.on("error", () => near.destroy());
    near.on("close", () => far.destroy());
    far.on("close", () => near.destroy());
  }).listen(path, () => console.log("listening"));
  process.stdin.resume().on("end", () => process.exit());
`;

export class Forward implements AsyncDisposable {
  readonly url: string;
  readonly #folder: string;
  readonly #relay: ChildProcess;
  readonly #server: Server;
  readonly #open: Set<Socket>;

  private constructor(folder: string, relayed: ChildProcess, server: Server, open: Set<Socket>) {
    this.#folder = folder;
    this.#relay = relayed;
    this.#server = server;
    this.#open = open;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  static async open(leader: number, port: number): Promise<Forward> {
    const folder = await mkdtemp(join(tmpdir(), "sails-forward-"));
    const path = join(folder, "socket");
    const entering = ["--target", String(leader), "--net", process.execPath, "-e", relay, "--"];
    const relayed = spawn("nsenter", [...entering, String(port), path], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    await once(relayed.stdout, "data");
    const open = new Set<Socket>();
    const server = createServer({ allowHalfOpen: true }, (near) => {
      const far = connect({ path, allowHalfOpen: true });
      for (const [one, other] of [
        [near, far],
        [far, near],
      ] as const) {
        open.add(one);
        one.pipe(other);
        one.on("error", () => other.destroy());
        one.on("close", () => {
          open.delete(one);
          other.destroy();
        });
      }
    });
    await once(server.listen({ port: 0, host: "127.0.0.1" }), "listening");
    return new Forward(folder, relayed, server, open);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#open) socket.destroy();
    this.#server.close();
    if (this.#relay.exitCode === null && this.#relay.signalCode === null) {
      this.#relay.stdin?.end();
      await once(this.#relay, "exit");
    }
    await rm(this.#folder, { recursive: true, force: true });
  }
}
