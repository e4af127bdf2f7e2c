/**
 * The other end of `database-child.ts`: a process that reads one piece of work from its standard
 * input, a line of JSON, and answers with lines of JSON. When the input ends, nobody waits any more.
 */
import { setPriority } from "node:os";
import type { DatabaseReply, DatabaseWork } from "../../prefect/ports-database.ts";
import { perform } from "./perform.ts";

export type WorkerLine = { readonly step: string } | { readonly reply: DatabaseReply };

/** What serves people comes first. */
const niceness = 10;

/** Resolves with the exit status. */
export async function serveDatabaseWork(): Promise<number> {
  setPriority(niceness);
  // Whatever is made here is nobody else's business.
  process.umask(0o077);
  const request = await firstLine();
  if (request === undefined) return 1;
  // Half a backup is taken away by the next one. An orderly exit would wait for what hangs.
  const leave = (): void => void process.kill(process.pid, "SIGKILL");
  process.stdin.once("end", leave).once("close", leave).resume();
  const say = (line: WorkerLine): void => void process.stdout.write(`${JSON.stringify(line)}\n`);
  // Both ends are one program.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- written by database-child.ts
  const work = JSON.parse(request) as DatabaseWork;
  say({ reply: await perform(work, (step) => say({ step })) });
  process.stdin.off("end", leave).off("close", leave).destroy();
  return 0;
}

/** Undefined if there is none. */
async function firstLine(): Promise<string | undefined> {
  let text = "";
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const take = (chunk: Buffer): void => {
    text += String(chunk);
    if (text.includes("\n")) resolve(text.slice(0, text.indexOf("\n")));
  };
  const none = (): void => resolve(undefined);
  process.stdin.on("data", take).once("end", none);
  const line = await promise;
  process.stdin.off("data", take).off("end", none);
  return line;
}
