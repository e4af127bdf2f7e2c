/** Reads Prometheus' text format, as far as our own output uses it. */

/** Values by series, written as in the text: `sails_unit_up{unit="a",pool=""}`. A series may come once only. */
export function parse(text: string): ReadonlyMap<string, number> {
  const values = new Map<string, number>();
  for (const line of text.split("\n")) {
    if (line === "" || line.startsWith("#")) continue;
    const end = line.lastIndexOf(" ");
    const series = line.slice(0, end);
    if (values.has(series)) throw new Error(`twice: ${series}`);
    values.set(series, Number(line.slice(end + 1).replace("Inf", "Infinity")));
  }
  return values;
}

/** Values of one unit's series, without the labels that all of them have: `sails_unit_exits_total reason=code`. */
export function ofUnit(text: string, unit: string): ReadonlyMap<string, number> {
  const values = new Map<string, number>();
  for (const [series, value] of parse(text)) {
    const [, name = "", labels = ""] = /^(\w+)\{(.*)\}$/.exec(series) ?? [];
    if (!labels.startsWith(`unit="${unit}",pool="`)) continue;
    const rest = labels.split(",").slice(2).join(" ").replaceAll('"', "");
    values.set([name, rest].join(" ").trim(), value);
  }
  return values;
}

/** Values of one pool's series of runs: `sails_run_exits_total reason=code`. */
export function ofPool(text: string, pool: string): ReadonlyMap<string, number> {
  const values = new Map<string, number>();
  for (const [series, value] of parse(text)) {
    const [, name = "", labels = ""] = /^(\w+)\{(.*)\}$/.exec(series) ?? [];
    if (!labels.startsWith(`pool="${pool}"`)) continue;
    const rest = labels.split(",").slice(1).join(" ").replaceAll('"', "");
    values.set([name, rest].join(" ").trim(), value);
  }
  return values;
}

/** What is more in the second than in the first. */
export function moved(
  before: ReadonlyMap<string, number>,
  after: ReadonlyMap<string, number>,
): Readonly<Record<string, number>> {
  const changed = [...after].map(([series, value]) => [series, value - (before.get(series) ?? 0)]);
  return Object.fromEntries(changed.filter(([, by]) => by !== 0));
}
