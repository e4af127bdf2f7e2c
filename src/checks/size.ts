/** `900 B`, `1.4 GB`, `512 MB`: in the units that the configuration uses and disks are sold by. */
export function formatSize(bytes: number): string {
  const last = units.length - 1;
  // What rounds to 1000 of one unit is 1 of the next.
  const index = units.findIndex((_, i) => i === last || Math.round(bytes / 1000 ** i) < 1000);
  const count = bytes / 1000 ** index;
  const digits = index > 0 && Math.round(count * 10) < 100 ? 1 : 0;
  return `${count.toFixed(digits)} ${units[index]}`;
}

const units = ["B", "KB", "MB", "GB", "TB"];
