/** The units in which /proc counts, from the auxiliary vector: elsewhere they take a `getconf`. */
import { readFileSync } from "node:fs";
import { endianness } from "node:os";

interface SystemConstants {
  readonly pageBytes: number;
  readonly ticksPerSecond: number;
}

// getauxval(3): the types of its entries.
const pageSizeType = 6;
const clockTicksType = 17;
const entryBytes = 16;

let known: SystemConstants | undefined;

export function systemConstants(): SystemConstants {
  known ??= readConstants();
  return known;
}

function readConstants(): SystemConstants {
  const vector = readFileSync("/proc/self/auxv");
  const view = new DataView(vector.buffer, vector.byteOffset, vector.byteLength);
  const isLittle = endianness() === "LE";
  const values = new Map<number, number>();
  for (let at = 0; at + entryBytes <= view.byteLength; at += entryBytes) {
    values.set(
      Number(view.getBigUint64(at, isLittle)),
      Number(view.getBigUint64(at + 8, isLittle)),
    );
  }
  return {
    pageBytes: values.get(pageSizeType) ?? 4096,
    ticksPerSecond: values.get(clockTicksType) ?? 100,
  };
}
