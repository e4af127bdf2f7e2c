/** `900 B`, `1.4 MiB`, `512 MiB`, `3.2 GiB`: for people, so it rounds. */
export function formatBytes(bytes: number): string {
  const last = units.length - 1;
  // What rounds to 1024 of one unit is 1 of the next.
  const index = units.findIndex((_, i) => i === last || Math.round(bytes / 1024 ** i) < 1024);
  const count = bytes / 1024 ** index;
  const digits = index > 0 && Math.round(count * 10) < 100 ? 1 : 0;
  return `${count.toFixed(digits)} ${units[index]}`;
}

const units = ["B", "KiB", "MiB", "GiB", "TiB"];
