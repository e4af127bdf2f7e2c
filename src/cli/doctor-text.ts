/** What the doctor found, as text for people: what, why it matters, what cures it. */
import type { DoctorReport, Finding } from "../doctor/finding.ts";
import { count, type Lines, type Look } from "./look.ts";
import type { Tone } from "./paint.ts";
import { oneLine, padEnd, wrap } from "./text-width.ts";

export function doctorText({ findings, examined }: DoctorReport, look: Look): string {
  const blocks = [
    ...findings.map((finding) => findingLines(finding, look)),
    [summary(findings, examined.length, look)],
  ];
  return blocks.map((lines) => lines.map((line) => `${line}\n`).join("")).join("\n");
}

const tones = { fault: "bad", warning: "wait", note: "strong" } as const satisfies Record<
  Finding["severity"],
  Tone
>;
const indent = "         ";

function findingLines({ severity, what, why, cure }: Finding, look: Look): Lines {
  const [first = "", ...rest] = wrapped(what, look);
  const mark = look.paint(tones[severity], padEnd(severity, indent.length));
  return [
    mark + first,
    ...rest.map((line) => indent + line),
    ...wrapped(`why: ${why}`, look).map((line) => indent + look.paint("faint", line)),
    ...wrapped(`cure: ${cure}`, look).map((line) => indent + line),
  ];
}

const wrapped = (text: string, { columns }: Look): Lines =>
  wrap(oneLine(text), columns - indent.length);

function summary(findings: readonly Finding[], examined: number, { paint }: Look): string {
  const looks = count(examined, "examination");
  if (findings.length === 0) return paint("good", `${looks}: nothing found.`);
  const of = (severity: Finding["severity"]) =>
    findings.filter((finding) => finding.severity === severity).length;
  const parts = (["fault", "warning", "note"] as const).flatMap((severity) =>
    of(severity) === 0 ? [] : [count(of(severity), severity)],
  );
  return paint("strong", `${looks}: ${parts.join(", ")}.`);
}
