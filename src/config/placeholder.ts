/** Finds what a template left for people to fill in: `[FLOATING_IP]`, `<IP>`, `YOUR_KEY`. */

const patterns = [/\[[A-Z][A-Z_]+\]/, /<[A-Z][A-Z0-9_ -]*>/, /\bYOUR_[A-Z0-9_]+/];

export function findPlaceholder(value: string): string | undefined {
  for (const pattern of patterns) {
    const [found] = pattern.exec(value) ?? [];
    if (found !== undefined) return found;
  }
  return undefined;
}

export const fillInCure = (name: string): string =>
  /URL$/i.test(name)
    ? "put the address of this machine in its place (the address that browsers use, such as http://192.0.2.10:4200/api)"
    : "put your own value in its place";
