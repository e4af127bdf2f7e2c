/** In which order units start and stop, from what each of them waits for. */

export interface Ordered {
  readonly name: string;
  /** Units and conditions that must be there before it starts. */
  readonly after: readonly string[];
}

/** A cycle, as the names along it, or undefined. */
export function findCycle(units: readonly Ordered[]): readonly string[] | undefined {
  const byName = new Map(units.map((unit) => [unit.name, unit]));
  const finished = new Set<string>();
  const visit = (name: string, path: readonly string[]): readonly string[] | undefined => {
    const start = path.indexOf(name);
    if (start >= 0) return [...path.slice(start), name];
    if (finished.has(name)) return undefined;
    for (const before of byName.get(name)?.after ?? []) {
      const cycle = visit(before, [...path, name]);
      if (cycle !== undefined) return cycle;
    }
    finished.add(name);
    return undefined;
  };
  for (const { name } of units) {
    const cycle = visit(name, []);
    if (cycle !== undefined) return cycle;
  }
  return undefined;
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
