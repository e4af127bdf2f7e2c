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
export function headline({ units, supervisor, problems }: Status): string {
  if (supervisor.phase === "stopping") {
    const left = units.filter(({ pid }) => pid !== null).length;
    return `Stopping: ${left} of ${units.length} units still run`;
  }
  const wanted = units.filter(({ desired }) => desired === "up");
  const waiting = wanted.filter(({ ready }) => !ready);
  const [first] = waiting;
  const aside = problems.length === 0 ? "" : `; ${problems.length} problems, see \`status\``;
  if (first === undefined) {
    return wanted.length === 0
      ? `No unit is wanted${aside}`
      : `All ${wanted.length} units ready${aside}`;
  }
  const count = `${wanted.length - waiting.length} of ${wanted.length} units ready`;
  return `${count}; ${first.name} is ${first.state}: ${first.reason}${aside}`;
}
