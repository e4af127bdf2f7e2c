/** The jobs as text for people: what came of them, and when they are due. */
import type { JobStatus } from "../control/status.ts";
import { formatSpan, ms } from "../supervision/time.ts";
import { beneath, gap, type Lines, type Look, spanSince, spanUntil } from "./look.ts";
import type { Tone } from "./paint.ts";
import { oneLine, padEnd, textWidth } from "./text-width.ts";

const resultWidth = 9;
const spanWidth = 15;
const restOfRow = resultWidth + 2 * spanWidth + 3 * gap.length;

/** @param more what else is said beneath each */
export function jobTable(
  jobs: readonly JobStatus[],
  look: Look,
  more: (job: JobStatus) => Lines = () => [],
): Lines {
  if (jobs.length === 0) return [];
  const longest = Math.max("JOB".length, ...jobs.map(({ name }) => textWidth(oneLine(name))));
  const nameWidth = Math.min(longest, look.columns - restOfRow);
  return [
    look.paint(
      "strong",
      row(padEnd("JOB", nameWidth), padEnd("RESULT", resultWidth), "BEGUN", "NEXT"),
    ),
    ...jobs.flatMap((job) => [jobRow(job, nameWidth, look), ...details(job, look), ...more(job)]),
  ];
}

const row = (name: string, result: string, begun: string, next: string): string =>
  [name, result, padEnd(begun, spanWidth), next].join(gap);

function jobRow(job: JobStatus, nameWidth: number, { paint, now }: Look): string {
  const { running, last, next } = job;
  const words = running === null ? (last?.result ?? "not yet") : "running";
  const begun = running?.since ?? last?.startedAt;
  return row(
    padEnd(oneLine(job.name), nameWidth),
    paint(toneOf(job), padEnd(words, resultWidth)),
    begun === undefined ? "never" : `${spanSince(begun, now)} ago`,
    next === null ? "by order" : `in ${spanUntil(next, now)}`,
  );
}

function toneOf({ running, last }: JobStatus): Tone {
  if (running !== null) return "wait";
  if (last === null) return "faint";
  return last.result === "succeeded" ? "good" : "bad";
}

function details({ running, last }: JobStatus, look: Look): Lines {
  if (running !== null) return running.step === null ? [] : beneath(running.step, look);
  if (last === null) return [];
  // What has failed is among the problems, too, but who looks for a job looks here.
  return beneath(`${last.message} (took ${formatSpan(ms(last.tookMs))})`, look);
}
