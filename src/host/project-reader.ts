/** Looks at a project through `libexec/read-project`. */
import * as z from "zod";
import {
  type CopiedFolders,
  type ProjectReader,
  projectFiles,
  type ReadProject,
} from "../prefect/environment/ports.ts";
import { AbandonableProcess } from "./abandonable-process.ts";

const readTimeoutMs = 20_000;
const copyTimeoutMs = 300_000;
const mostBytes = 128 * 1024 * 1024;

const failed = z.object({ kind: z.literal("failed"), why: z.string() });

const readAnswer = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("unchanged") }),
  z.object({
    kind: z.literal("read"),
    fingerprint: z.string(),
    texts: z.partialRecord(z.enum(projectFiles), z.string()),
    sources: z.string(),
  }),
  failed,
]);

const copyAnswer = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("copied"), digest: z.string() }),
  failed,
]);

export class HostProjectReader implements ProjectReader {
  readonly #program: string;
  readonly #env: Readonly<Record<string, string>>;
  readonly #process = new AbandonableProcess();

  /** @param env without our marks: one that hangs must hold up no stop and no start */
  constructor(program: string, env: Readonly<Record<string, string>>) {
    this.#program = program;
    this.#env = env;
  }

  async read(project: string, known: string | undefined): Promise<ReadProject> {
    const args = ["read", project, known ?? "", ...projectFiles];
    const answer = await this.#ask(args, readTimeoutMs, readAnswer);
    if (answer.kind !== "read") return answer;
    const { fingerprint, sources, texts } = answer;
    return { kind: "read", content: { fingerprint, sources, texts } };
  }

  copy(project: string, folders: readonly string[], target: string): Promise<CopiedFolders> {
    return this.#ask(["copy", project, target, ...folders], copyTimeoutMs, copyAnswer);
  }

  async #ask<T>(
    args: readonly string[],
    timeoutMs: number,
    shape: z.ZodType<T>,
  ): Promise<T | { readonly kind: "hangs" } | z.infer<typeof failed>> {
    const command = [this.#program, ...args] as const;
    const end = await this.#process.run({ command, env: this.#env, timeoutMs, mostBytes });
    if (end.kind !== "ended") return end;
    try {
      return shape.parse(JSON.parse(end.stdout));
    } catch {
      return { kind: "failed", why: `${this.#program} ended with status ${end.status}` };
    }
  }
}
