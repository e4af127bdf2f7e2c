/** Under which name the output of each unit stands in the journal: `journalctl -t NAME`. */

/** `prefect-server`, `prefect-worker@POOL`, `service@NAME`. */
export const journalIdentifier = (unit: string): string =>
  isPrefects(unit) ? `prefect-${unit}` : unit;

const isPrefects = (unit: string): boolean => unit === "server" || unit.startsWith("worker@");

/** What shows it, as the status tells it in the place of a file. */
export const journalPlace = (unit: string): string => `journalctl -t ${journalIdentifier(unit)}`;
