/** Milliseconds on the monotonic clock, or a span of them. Branded, so that a pid cannot stand in for one. */
export type Millis = number & { readonly __unit: "ms" };

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the one place that brands a number
export const ms = (value: number): Millis => value as Millis;

export const seconds = (value: number): Millis => ms(value * 1000);

export const minutes = (value: number): Millis => seconds(value * 60);

/** `900 ms`, `4 s`, `3 min 20 s`, `2 h 5 min`, `3 d 4 h`: for people, so it rounds. */
export function formatSpan(span: Millis): string {
  if (span < 1000) return `${Math.max(0, Math.round(span))} ms`;
  const total = Math.round(span / 1000);
  const parts = [
    [Math.floor(total / 86_400), "d"],
    [Math.floor(total / 3600) % 24, "h"],
    [Math.floor(total / 60) % 60, "min"],
    [total % 60, "s"],
  ] as const;
  const first = parts.findIndex(([count]) => count > 0);
  return parts
    .slice(first, first + 2)
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count} ${unit}`)
    .join(" ");
}

/** `2026-11-26 09:48 UTC`: to the minute, as people tell times. */
export const formatMinute = (date: Date): string =>
  `${date.toISOString().slice(0, 16).replace("T", " ")} UTC`;
