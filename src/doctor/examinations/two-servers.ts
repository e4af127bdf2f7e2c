/** More than one server on one database. */
import { serverDatabase } from "../../prefect/database/place.ts";
import type { Examination } from "../examination.ts";
import type { Finding } from "../finding.ts";
import type { SeenProcess } from "../ports.ts";

export const twoServers: Examination = {
  name: "two-servers",
  finds: "two Prefect servers work on one database",
  examine: async ({ config, eyes }) => {
    const database = serverDatabase(config);
    if (database?.kind !== "sqlite") return [];
    const servers = eyes.processes().filter(isServer);
    return judgeServers(database.file, eyes.holders(database.file, servers));
  },
};

/** Also the temporary one that a client starts which has no address. */
export const isServer = ({ words }: Pick<SeenProcess, "words">): boolean => {
  const line = words.join(" ");
  return /prefect/.test(line) && (/\bserver start\b/.test(line) || /prefect\.server/.test(line));
};

export function judgeServers(file: string, holders: readonly SeenProcess[]): readonly Finding[] {
  if (holders.length < 2) return [];
  const strangers = holders.filter(({ isSupervised }) => !isSupervised);
  const [first = holders[0]] = strangers;
  const pids = holders.map(({ pid }) => pid).join(" and ");
  return [
    {
      id: "two-servers",
      severity: "fault",
      what: `Prefect servers ${pids} have ${file} open at the same time`,
      why: "each schedules and cleans up for itself: runs come twice, and writes of the one are lost or refused for the other",
      cure: `\`ps -o pid,args -p ${holders.map(({ pid }) => pid).join(",")}\` shows which they are; \`kill ${first?.pid}\` ends the one that no supervisor has started. With PREFECT_API_URL set, no client starts one of its own`,
    },
  ];
}
