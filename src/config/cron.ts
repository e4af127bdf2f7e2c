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
