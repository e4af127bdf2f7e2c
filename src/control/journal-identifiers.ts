/** Under which name the output of each unit stands in the journal: `journalctl -t NAME`. */

/** Of all flow runs. */
export const runIdentifier = "prefect-run";

/** `prefect-server`, `prefect-worker@POOL`, `service@NAME`. */
export const journalIdentifier = (unit: string): string =>
  isPrefects(unit) ? `prefect-${unit}` : unit;

/** The other way round; undefined of what is no unit's. */
export function unitOfIdentifier(identifier: string): string | undefined {
  if (identifier.startsWith("service@")) return identifier;
  const unit = identifier.replace(/^prefect-/, "");
  return unit !== identifier && isPrefects(unit) ? unit : undefined;
}

const isPrefects = (unit: string): boolean => unit === "server" || unit.startsWith("worker@");

/** What shows it, as the status tells it in the place of a file. */
export const journalPlace = (unit: string): string => `journalctl -t ${journalIdentifier(unit)}`;
