/** Chance that can be repeated: the same seed kills the same things at the same moments. */

/** Uniform in [0, 1). */
export type Dice = () => number;

/** Mulberry32: small, and good enough for this. */
export function seeded(seed: number): Dice {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export const between = (dice: Dice, low: number, high: number): number =>
  low + (high - low) * dice();

export const pick = <Item>(dice: Dice, items: readonly Item[]): Item | undefined =>
  items[Math.floor(dice() * items.length)];

export function pickWeighted<Item>(
  dice: Dice,
  items: readonly (readonly [Item, weight: number])[],
): Item | undefined {
  let left = dice() * items.reduce((sum, [, weight]) => sum + weight, 0);
  return items.find(([, weight]) => (left -= weight) < 0)?.[0];
}
