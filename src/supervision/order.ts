/** In which order units stop, from what each of them waits for, and how long that may take. */
import { type Millis, ms } from "./time.ts";
import type { UnitRules } from "./unit-state.ts";

export interface Ordered {
  readonly name: string;
  /** Units and conditions that must be there before it starts. */
  readonly after: readonly string[];
}

/** Waves of names: nobody in a wave is needed by anybody of it or of a later one. */
export function stopWaves(units: readonly Ordered[]): readonly (readonly string[])[] {
  const waves: string[][] = [];
  let left = [...units];
  while (left.length > 0) {
    const needed = new Set(left.flatMap((unit) => unit.after));
    const free = left.filter((unit) => !needed.has(unit.name));
    const wave = free.length > 0 ? free : left;
    waves.push(wave.map((unit) => unit.name));
    left = left.filter((unit) => !wave.includes(unit));
  }
  return waves;
}

/** How long it takes to stop them all if each uses up the patience with it. */
export function stopPatience(
  units: readonly (Ordered & { readonly rules: Pick<UnitRules, "stopLadder"> })[],
): Millis {
  const patience = new Map(
    units.map(({ name, rules }) => [
      name,
      rules.stopLadder.reduce((sum, { wait }) => sum + wait, 0),
    ]),
  );
  const ofWave = (names: readonly string[]): number =>
    Math.max(...names.map((name) => patience.get(name) ?? 0));
  return ms(stopWaves(units).reduce((sum, wave) => sum + ofWave(wave), 0));
}
