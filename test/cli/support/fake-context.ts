import type { Context, JournalEntry, Stream } from "../../../src/cli/context.ts";
import { paintFor } from "../../../src/cli/paint.ts";
import { runCli } from "../../../src/cli/run-cli.ts";
import { ControlClient } from "../../../src/control/client.ts";
import { FakePlane } from "../../control/support/fake-plane.ts";
import { socketOf } from "../../control/support/servers.ts";
import { temporaryFolder } from "../../control/support/temporary-folder.ts";

interface Written extends Stream {
  readonly text: string;
  /** Resolves when the text is there. */
  readonly until: (wanted: string | RegExp) => Promise<void>;
}

function written(isTerminal = false, env: Context["env"] = {}): Written {
  let text = "";
  const changed = new EventTarget();
  return {
    get text() {
      return text;
    },
    async until(wanted) {
      const isThere = () =>
        typeof wanted === "string" ? text.includes(wanted) : wanted.test(text);
      while (!isThere()) {
        await new Promise((resolve) => changed.addEventListener("write", resolve, { once: true }));
      }
    },
    async write(words) {
      text += words;
      changed.dispatchEvent(new Event("write"));
    },
    isTerminal,
    columns: () => 80,
    rows: () => 24,
    paint: paintFor(isTerminal, env),
  };
}

export interface FakeContext extends Context {
  readonly out: Written;
  readonly err: Written;
  readonly interrupt: () => void;
}

/** A journal that answers each question with these entries, or with what somebody complains of. */
export async function* entriesOf(
  entries: readonly JournalEntry[],
  complaint = "",
): AsyncGenerator<JournalEntry, string> {
  yield* entries;
  return complaint;
}

export function fakeContext(
  changes: Partial<Context> & { isTerminal?: boolean } = {},
): FakeContext {
  const { isTerminal = false, env = {} } = changes;
  const interruption = new AbortController();
  return {
    env,
    cwd: "/",
    home: "/nowhere",
    uid: 1000,
    interrupted: () => interruption.signal,
    runDaemon: () => Promise.reject(new Error("not in this test")),
    sweep: () => Promise.reject(new Error("not in this test")),
    journal: () => entriesOf([]),
    journalIdentifiers: async () => [],
    draft: () => Promise.reject(new Error("not in this test")),
    examine: () => Promise.reject(new Error("not in this test")),
    doctorWork: () => Promise.reject(new Error("not in this test")),
    openDatabase: async () => ({ kind: "taken" }),
    confirm: () => Promise.reject(new Error("not in this test")),
    databaseWork: () => Promise.reject(new Error("not in this test")),
    ...changes,
    out: written(isTerminal, env),
    err: written(isTerminal, env),
    interrupt: () => interruption.abort(),
  };
}

/** A command line with a daemon of this plane behind it. */
export async function withDaemon(
  plane: FakePlane,
  changes: Parameters<typeof fakeContext>[0] = {},
) {
  const stateDir = temporaryFolder();
  const server = await socketOf(plane, stateDir);
  const context = fakeContext({ ...changes, env: { SAILS_STATE_DIR: stateDir, ...changes.env } });
  const run = (...words: readonly string[]) => runCli(context, words);
  return { context, run, stateDir, server, client: new ControlClient(stateDir) };
}

/** The command line alone. */
export async function cli(
  words: readonly string[],
  changes: Parameters<typeof fakeContext>[0] = {},
) {
  const context = fakeContext(changes);
  const status = await runCli(context, words);
  return { status, out: context.out.text, err: context.err.text };
}
