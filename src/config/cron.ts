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
  const first = Math.min(...valuesOf(day, 1, 31, []));
  return valuesOf(month, 1, 12, months).every((one) => first > (longestDay[one - 1] ?? 0));
}

/** Of a field that is known to be right. A range may go over the end: 30-2. */
function valuesOf(
  field: string,
  min: number,
  max: number,
  words: readonly string[],
): readonly number[] {
  const valueOf = (text: string): number => {
    const named = words.indexOf(text.toLowerCase());
    return named === -1 ? Number(text) : named + min;
  };
  return field.split(",").flatMap((part) => {
    const [range = "", step = "1"] = part.split("/");
    const [from = "", to = from] = range === "*" ? [String(min), String(max)] : range.split("-");
    const [first, last] = [valueOf(from), valueOf(to)];
    const count = ((last - first + max - min + 1) % (max - min + 1)) + 1;
    return Array.from({ length: count }, (_, index) => index)
      .filter((index) => index % Number(step) === 0)
      .map((index) => ((first - min + index) % (max - min + 1)) + min);
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
