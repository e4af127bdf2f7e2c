/** What is said once when all has started, and the one line of `systemctl status`. */
import type { Status } from "../control/status.ts";

/** How a command reaches this daemon, to be copied: `sails-supervisor status --config FILE`. */
export type CommandLine = (words: string) => string;

export function startSummary(status: Status, command: CommandLine, howToStop: string): string {
  const { prefectUiUrl, webUrl, stateDir } = status.supervisor;
  const rows = [
    ...(prefectUiUrl === null ? [] : [["Prefect", prefectUiUrl]]),
    ["Status page", `${webUrl}/`],
    ["Metrics", `${webUrl}/metrics`],
    ["State", stateDir],
    ["Look", command("status")],
    ["", command("logs -f")],
    ["Stop", howToStop],
  ];
  return [
    "",
    headline(status),
    ...rows.map(([label = "", value = ""]) => `  ${label.padEnd(12)} ${value}`),
    ...status.problems.flatMap(({ what, cure }) => [
      `  ! ${what}`,
      ...(cure === null ? [] : [`    ${cure}`]),
    ]),
    "",
  ].join("\n");
}

/** `4 units ready`, or how many are and why the first of the others is not. */
export function headline({ units, pools, supervisor, problems }: Status): string {
  if (supervisor.phase === "stopping") {
    const runs = pools.reduce((sum, pool) => sum + pool.runs, 0);
    const left = units.filter(({ pid }) => pid !== null).length;
    const flows = runs === 0 ? "" : `${counted(runs, "flow run")} and `;
    return `Stopping: ${flows}${left} of ${units.length} units still run`;
  }
  const wanted = units.filter(({ desired }) => desired === "up");
  const waiting = wanted.filter(({ ready }) => !ready);
  const [first] = waiting;
  const aside =
    problems.length === 0 ? "" : `; ${counted(problems.length, "problem")}, see \`status\``;
  if (wanted.length === 0) return `No unit is wanted${aside}`;
  if (first === undefined) {
    const all = wanted.length === 1 ? "" : "All ";
    return `${all}${counted(wanted.length, "unit")} ready${aside}`;
  }
  const count = `${wanted.length - waiting.length} of ${wanted.length} units ready`;
  return `${count}; ${first.name} is ${first.state}: ${first.reason}${aside}`;
}

/** Undefined if nothing has been. */
export function takenOver(units: number, runs: number): string | undefined {
  if (units + runs === 0) return undefined;
  const parts = [
    ...(units === 0 ? [] : [counted(units, "unit")]),
    ...(runs === 0 ? [] : [counted(runs, "flow run")]),
  ];
  return `${parts.join(" and ")} taken over as ${units + runs === 1 ? "it runs" : "they run"}`;
}

const counted = (number: number, noun: string): string =>
  `${number} ${noun}${number === 1 ? "" : "s"}`;
