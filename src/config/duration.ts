/** `500ms`, `30s`, `15m`, `12h`, `7d`. */
import { type Millis, ms } from "../supervision/time.ts";

const factors = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

const isUnit = (text: string | undefined): text is keyof typeof factors =>
  text !== undefined && Object.hasOwn(factors, text);

export function parseDuration(text: string): Millis | undefined {
  const [, digits, unit] = /^(\d{1,9})([a-z]+)$/.exec(text) ?? [];
  return digits !== undefined && isUnit(unit) ? ms(Number(digits) * factors[unit]) : undefined;
}

/** Node's timers hold 2^31 ms and fire at once when asked for more. */
export const longestTimer: Millis = ms(24 * factors.d);
