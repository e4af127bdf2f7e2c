/** `500MB`, `2GB`, `1.5TiB`. */

const factors = {
  B: 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KIB: 2 ** 10,
  MIB: 2 ** 20,
  GIB: 2 ** 30,
  TIB: 2 ** 40,
} as const;

const isUnit = (text: string): text is keyof typeof factors => Object.hasOwn(factors, text);

/** In bytes. Upper and lower case are the same: nobody means bits, or a thousandth of a byte. */
export function parseSize(text: string): number | undefined {
  const [, digits = "", unit = ""] = /^(\d{1,9}(?:\.\d{1,3})?)([a-zA-Z]+)$/.exec(text) ?? [];
  const known = unit.toUpperCase();
  return isUnit(known) ? Math.round(Number(digits) * factors[known]) : undefined;
}
