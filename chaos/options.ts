/** How a chaos run is to be: from the command line. */
import { randomInt } from "node:crypto";
import { parseArgs } from "node:util";
import { whyNoContainer } from "../test/support/systemd/machine.ts";
import type { Install } from "./installation.ts";
import { progress } from "./progress.ts";
import type { KillMode } from "./restarter.ts";
import type { Plan } from "./run.ts";
import { Sails } from "./sails.ts";
import { SystemdUnits } from "./systemd-units.ts";
import { Units } from "./units.ts";

export const usage = `usage: npm run chaos -- [--minutes 2] [--seed N] [--against sails|units] [--flows 20] [--every 6] [--keep]
Kills the supervisor, a worker or the server every few seconds while flows come and go, and counts what is lost.
  --against WHO       sails: this product; units: plain unit files with Restart=always
  --kill-mode MODE    of the workers' unit file: mixed, control-group or process
  --every SECONDS     between two kills, on average
  --environment PATH  the Python environment with Prefect; that of the tests is the default
  --keep              leaves the folder with the logs there`;

const killModes: readonly KillMode[] = ["mixed", "control-group", "process"];

/** Undefined: only the usage was asked for. Throws on what it does not know. */
export function readOptions(args: readonly string[]): Plan | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      minutes: { type: "string", default: "2" },
      seed: { type: "string", default: String(randomInt(1_000_000)) },
      against: { type: "string", default: "sails" },
      "kill-mode": { type: "string", default: "mixed" },
      flows: { type: "string", default: "20" },
      every: { type: "string", default: "6" },
      environment: { type: "string", default: ".tools/test-environments/survey" },
      keep: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return undefined;
  return {
    minutes: positive("minutes", values.minutes),
    seed: positive("seed", values.seed),
    flows: positive("flows", values.flows),
    killEveryMs: positive("every", values.every) * 1_000,
    environment: values.environment,
    keep: values.keep,
    install: installer(values.against, values["kill-mode"]),
  };
}

function installer(against: string, mode: string): Install {
  const killMode = killModes.find((one) => one === mode);
  if (killMode === undefined) throw new Error(`${mode} is none of ${killModes.join(", ")}`);
  switch (against) {
    case "sails":
      return (place, signal) => Sails.make(place, signal);
    case "units":
      return units(killMode);
    default:
      throw new Error(`${against} is neither sails nor units`);
  }
}

/** Under a real systemd where one can be booted. */
function units(killMode: KillMode): Install {
  const why = whyNoContainer();
  if (why === undefined) return (place, signal) => SystemdUnits.make(place, killMode, signal);
  progress(`the unit files are emulated: ${why}`);
  return (place, signal) => Units.make(place, { killMode }, signal);
}

function positive(name: string, text: string): number {
  const number = Number(text);
  if (!(number > 0)) throw new Error(`--${name} is to be a number above 0, and not ${text}`);
  return number;
}
