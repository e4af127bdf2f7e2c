/** `127.0.0.1:9746`, `localhost:9746`, `[::1]:9746`. */
import { isIPv6 } from "node:net";
import type { Address } from "./config.ts";

export function parseAddress(text: string): Address | undefined {
  const [, bracketed, plain, digits] =
    /^(?:\[([^\]]+)\]|([A-Za-z0-9.-]+)):(\d{1,5})$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  const port = Number(digits);
  if (host === undefined || port > 65_535) return undefined;
  if (bracketed !== undefined && !isIPv6(bracketed)) return undefined;
  return { host, port };
}

const wildcards = new Set(["0.0.0.0", "::"]);

/** Whether two listeners would want the same port of the same address. */
export function collide(one: Address, other: Address): boolean {
  if (one.port === 0 || one.port !== other.port) return false;
  return one.host === other.host || wildcards.has(one.host) || wildcards.has(other.host);
}
