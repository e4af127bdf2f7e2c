/** Whether what this program prints goes to journald, and where what its children print can go too. */
import { existsSync, fstatSync } from "node:fs";

const socket = "/run/systemd/journal/stdout";

/** That the variable is set proves nothing: it is inherited by what writes elsewhere. */
export function isJournal(fd: number, own: Readonly<Record<string, string | undefined>>): boolean {
  const { dev, ino } = fstatSync(fd);
  return own["JOURNAL_STREAM"] === `${dev}:${ino}`;
}

/** The socket on which journald takes output, if systemd has ours go there; undefined elsewhere. */
export function findJournal(own: Readonly<Record<string, string | undefined>>): string | undefined {
  const isOurs = isJournal(1, own) || isJournal(2, own);
  return isOurs && existsSync(socket) ? socket : undefined;
}
