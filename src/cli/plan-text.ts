/** A plan as text for people: what would be made, changed, removed, and what is left alone. */
import type { PlanLeft, PlanReport, PlanStep } from "../control/plan.ts";
import type { Problem } from "../control/status.ts";
import { count, type Lines, type Look } from "./look.ts";
import type { Tone } from "./paint.ts";
import { oneLine, wrap } from "./text-width.ts";

export function planText(plan: PlanReport, look: Look): string {
  const { steps, left, problems } = plan;
  const sections = [
    steps.flatMap((step) => stepLines(step, look)),
    leftLines(left, look),
    problemLines(problems, look),
    [summary(plan, look)],
  ];
  return sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.map((line) => `${line}\n`).join(""))
    .join("\n");
}

const marks = {
  create: ["+", "good"],
  change: ["~", "wait"],
  remove: ["-", "bad"],
} as const satisfies Record<PlanStep["action"], readonly [string, Tone]>;

const indent = "      ";

export function stepLines(step: PlanStep, { paint, columns }: Look): Lines {
  const [mark, tone] = marks[step.action];
  const why = [
    ...(step.why === null ? [] : [oneLine(step.why)]),
    ...(step.drift === null ? [] : [`changed in Prefect; ${driftText(step.drift)}`]),
  ];
  const about = why.length === 0 ? "" : ` (${why.join("; ")})`;
  const head = `${step.action} ${step.kind} ${oneLine(step.name)}${about}`;
  return [
    ...wrap(head, columns - indent.length).map((line, i) =>
      i === 0 ? `  ${paint(tone, mark)} ${line}` : indent + line,
    ),
    ...step.fields.flatMap((field) =>
      wrap(fieldText(field, step.action), columns - indent.length).map((line) => indent + line),
    ),
  ];
}

const driftText = ({ key, mode }: NonNullable<PlanStep["drift"]>): string =>
  mode === "enforce"
    ? `${key} is enforce: it is put back`
    : `${key} is report: only \`apply\` puts it back`;

const fieldText = ({ field, from, to }: PlanStep["fields"][number], action: PlanStep["action"]) => {
  if (action === "create") return `${field}: ${shown(to)}`;
  if (action === "remove") return `${field}: ${shown(from)}`;
  return `${field}: ${shown(from)} → ${shown(to)}`;
};

function shown(value: unknown): string {
  if (value === null || value === undefined) return "none";
  return oneLine(typeof value === "string" ? value : JSON.stringify(value));
}

function leftLines(left: readonly PlanLeft[], { paint, columns }: Look): Lines {
  if (left.length === 0) return [];
  const line = ({ kind, name, why }: PlanLeft) => `  = ${kind} ${oneLine(name)}: ${oneLine(why)}`;
  return [
    paint("strong", "Left alone"),
    ...left.flatMap((one) => wrapKeeping(line(one), columns).map((each) => paint("faint", each))),
  ];
}

function problemLines(problems: readonly Problem[], { paint, columns }: Look): Lines {
  if (problems.length === 0) return [];
  return [
    paint("strong", "Cannot be done"),
    ...problems.flatMap(({ what, cure }) => [
      ...wrapKeeping(`  ! ${oneLine(what)}`, columns),
      ...(cure === null ? [] : wrapKeeping(`    what to do: ${oneLine(cure)}`, columns)),
    ]),
  ];
}

/** Without losing what stands in front of the first word. */
function wrapKeeping(text: string, columns: number): Lines {
  const mark = /^\s*/.exec(text)?.[0] ?? "";
  return wrap(text.trimStart(), columns - mark.length - 2).map((line, i) =>
    i === 0 ? mark + line : `${mark}  ${line}`,
  );
}

export function summary({ steps, problems }: PlanReport, { paint }: Look): string {
  if (steps.length === 0 && problems.length === 0) {
    return paint("good", "What is declared is what is: nothing to do.");
  }
  const of = (action: PlanStep["action"]) => steps.filter((step) => step.action === action).length;
  const parts = [
    `${of("create")} to create`,
    `${of("change")} to change`,
    `${of("remove")} to remove`,
    ...(problems.length === 0 ? [] : [count(problems.length, "problem")]),
  ];
  return paint("strong", `Plan: ${parts.join(", ")}.`);
}
