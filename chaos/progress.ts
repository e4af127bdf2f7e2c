/** What is being done, for whoever waits; the tables alone go to the standard output. */
import { styleText } from "node:util";

export type Progress = (text: string, kind?: "kill" | "fault") => void;

const colours = { kill: "yellow", fault: "red" } as const;

export const progress: Progress = (text, kind) => {
  const seconds = (performance.now() / 1_000).toFixed(0);
  const line = `${seconds.padStart(5)} s  ${text}`;
  const painted =
    kind === undefined ? line : styleText(colours[kind], line, { stream: process.stderr });
  process.stderr.write(`${painted}\n`);
};
