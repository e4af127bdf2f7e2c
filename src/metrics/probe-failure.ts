/** Sorts the reasons of failed probes, which are written for people, into the few that are counted apart. */
import type { Labels } from "./catalogue.ts";

type ProbeFailure = Labels<"sails_unit_health_check_failures_total">["reason"];

/** The first that fits: an address may hold the words of those below. */
const signs: readonly (readonly [ProbeFailure, RegExp])[] = [
  ["heartbeat", /heartbeat/i],
  ["timeout", /answer within|timed? ?out/i],
  ["refused", /refused|ECONNRESET|nothing listens/i],
  ["status", /answer(?:s|ed) \d{3}|\bstatus \d+/i],
];

export const probeFailure = (why: string): ProbeFailure =>
  signs.find(([, sign]) => sign.test(why))?.[0] ?? "other";
