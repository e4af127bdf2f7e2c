/** How what is shown looks, and what its parts have in common. */
import { formatSpan, ms } from "../supervision/time.ts";
import type { Paint } from "./paint.ts";
import { oneLine, wrap } from "./text-width.ts";

export interface Look {
  readonly columns: number;
  readonly paint: Paint;
  readonly now: Date;
}

export type Lines = readonly string[];

export const gap = "  ";
const indent = "    ";

/** What is said beneath a row of a table. */
export const beneath = (words: string, { columns }: Look): Lines =>
  wrap(oneLine(words), columns - indent.length).map((line) => indent + line);

export const spanSince = (iso: string, now: Date): string =>
  formatSpan(ms(Math.max(0, now.getTime() - Date.parse(iso))));

export const spanUntil = (iso: string, now: Date): string =>
  formatSpan(ms(Math.max(0, Date.parse(iso) - now.getTime())));

export const count = (number: number, noun: string): string =>
  `${number} ${noun}${number === 1 ? "" : "s"}`;
