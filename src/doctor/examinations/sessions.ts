/** Prefect that somebody has started by hand, in a terminal that outlives its user. */
import { recognize } from "../../init/by-hand.ts";
import { type Examination, listed } from "../examination.ts";
import type { Finding } from "../finding.ts";
import type { SeenProcess } from "../ports.ts";

export const sessions: Examination = {
  name: "sessions",
  finds: "a screen or tmux session still runs a Prefect server or worker",
  examine: async ({ eyes }) => judgeSessions(eyes.processes()),
};

export function judgeSessions(processes: readonly SeenProcess[]): readonly Finding[] {
  const byPid = new Map(processes.map((process) => [process.pid, process]));
  const found = processes.flatMap((process) => {
    const byHand = process.isSupervised ? undefined : recognize(process);
    const session = byHand && sessionOf(process, byPid);
    return byHand === undefined || session === undefined ? [] : [{ byHand, session }];
  });
  return [...Map.groupBy(found, ({ session }) => session.pid).values()].flatMap(
    (group): Finding[] => {
      const [first] = group;
      if (first === undefined) return [];
      const { pid, kind } = first.session;
      const what = group.map(({ byHand }) =>
        byHand.kind === "server"
          ? `a server on port ${byHand.port}`
          : `a worker of ${byHand.pool ?? "a pool"}`,
      );
      return [
        {
          id: `sessions:${pid}`,
          severity: "warning",
          what: `a ${kind} session (process ${pid}) still runs ${listed(what)}`,
          why: "two workers serve one pool, or two servers one database, and the old one runs its flows with its own environment",
          cure: `when it has no flow run any more: \`${kind === "tmux" ? "tmux attach" : `screen -r ${pid}`}\`, then Ctrl-C in it and \`exit\` (docs/moving-from-screen.md)`,
        },
      ];
    },
  );
}

function sessionOf(
  process: SeenProcess,
  byPid: ReadonlyMap<number, SeenProcess>,
): { readonly pid: number; readonly kind: "screen" | "tmux" } | undefined {
  const seen = new Set<number>();
  for (
    let one = byPid.get(process.parent);
    one !== undefined && !seen.has(one.pid);
    one = byPid.get(one.parent)
  ) {
    seen.add(one.pid);
    const [word = ""] = one.words;
    if (/(^|\/)screen$/i.test(word)) return { pid: one.pid, kind: "screen" };
    // tmux names its server as it likes: `tmux: server`.
    if (/(^|\/)tmux(:.*)?$/.test(word)) return { pid: one.pid, kind: "tmux" };
  }
  return undefined;
}
