/** Says what is wrong with a cron expression of five fields. */

interface Field {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  /** Names of the values, from `min` on. */
  readonly words?: readonly string[];
}

const months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const days = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

const fields: readonly Field[] = [
  { name: "minute", min: 0, max: 59 },
  { name: "hour", min: 0, max: 23 },
  { name: "day of the month", min: 1, max: 31 },
  { name: "month", min: 1, max: 12, words: months },
  { name: "day of the week", min: 0, max: 7, words: days },
];

const macro = /^@(yearly|annually|monthly|weekly|daily|midnight|hourly)$/;

export function cronFault(expression: string): string | undefined {
  if (macro.test(expression)) return undefined;
  const texts = expression.trim().split(/\s+/);
  if (texts.length !== fields.length) return `has ${texts.length} fields`;
  for (const [index, field] of fields.entries()) {
    const wrong = (texts[index] ?? "").split(",").find((part) => !isPart(part, field));
    if (wrong !== undefined) {
      return `has "${wrong}" for the ${field.name} (${field.min} to ${field.max})`;
    }
  }
  return undefined;
}

/** As `cronFault`, without what only Prefect's own parser knows. */
export function jobCronFault(expression: string): string | undefined {
  const fault = cronFault(expression);
  if (fault !== undefined || macro.test(expression)) return fault;
  const [minute = "", hour = "", day = "", month = "", weekday = ""] = expression
    .trim()
    .split(/\s+/);
  const odd = [minute, hour, day, month, weekday]
    .flatMap((field) => field.split(","))
    .find((part) => /\?|^[^*/-]+\/|#l/i.test(part));
  if (odd !== undefined) return `has "${odd}", which jobs do not know`;
  return neverComes(day, month) ? `has the days ${day}, which its months do not have` : undefined;
}

const longestDay: readonly number[] = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

function neverComes(day: string, month: string): boolean {
  if (!/^[\d,]+$/.test(day) || !/^[\da-z,]+$/i.test(month)) return false;
  const first = Math.min(...day.split(",").map(Number));
  return month.split(",").every((one) => {
    const named = months.indexOf(one.toLowerCase());
    return first > (longestDay[named === -1 ? Number(one) - 1 : named] ?? 0);
  });
}

function isPart(part: string, field: Field): boolean {
  const [, range = "", step] = /^([^/]+)(?:\/(\d+))?$/.exec(part) ?? [];
  if (step !== undefined && Number(step) === 0) return false;
  // The last day of a month, and the second Friday: Prefect's parser knows them.
  if (range === "*" || range === "?" || (field.name === "day of the month" && /^l$/i.test(range))) {
    return true;
  }
  const [values = "", nth] = field.name === "day of the week" ? range.split("#") : [range];
  if (nth !== undefined && !/^([1-5]|l)$/i.test(nth)) return false;
  const ends = values.split("-");
  return ends.length <= 2 && ends.every((value) => isValue(value, field));
}

function isValue(value: string, field: Field): boolean {
  if (field.words?.includes(value.toLowerCase()) === true) return true;
  return /^\d+$/.test(value) && Number(value) >= field.min && Number(value) <= field.max;
}
