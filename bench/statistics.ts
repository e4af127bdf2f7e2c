/** By the nearest rank: a figure that was measured, none in between. With 100 figures p99 is the second largest. */
export function percentile(figures: readonly number[], percent: number): number {
  const sorted = figures.toSorted((a, b) => a - b);
  const rank = Math.max(1, Math.ceil((percent / 100) * sorted.length));
  return sorted[rank - 1] ?? Number.NaN;
}

export const median = (figures: readonly number[]): number => percentile(figures, 50);
