/** `config check|show|reference|schema`: what can be said of the configuration without a daemon. */
import { describeFault, type Fault } from "../config/fault.ts";
import { type Loaded, type LoadOptions, loadConfig } from "../config/load.ts";
import { describeOrigin, type Origin } from "../config/origin.ts";

export interface Output {
  readonly json: boolean;
  readonly write: (text: string) => void;
}

/** Exit statuses: 0, or 4 when the configuration is not as it should be. */
export const configCommands = { check, show, reference, schema } as const;

async function check(options: LoadOptions, { json, write }: Output): Promise<number> {
  const loaded = await loadConfig(options);
  const faults = faultsOf(loaded);
  if (json) write(formatJson({ ok: faults.length === 0, faults, warnings: loaded.warnings }));
  else write(lines([...complaints(loaded), summary(loaded)]));
  return faults.length === 0 ? 0 : 4;
}

async function show(options: LoadOptions, { json, write }: Output): Promise<number> {
  const loaded = await loadConfig(options);
  if (loaded.kind === "faulty") {
    const { faults, warnings } = loaded;
    write(
      json ? formatJson({ faults, warnings }) : lines([...complaints(loaded), summary(loaded)]),
    );
    return 4;
  }
  const { config, entries, warnings } = loaded;
  if (json) {
    const values = entries.map(({ key, value = null, origin }) => ({
      key,
      value,
      origin: describeOrigin(origin),
      ...placeOf(origin),
    }));
    write(formatJson({ file: config.file ?? null, values, warnings }));
    return 0;
  }
  const rows = entries.map(
    ({ key, value, origin }) => [key, formatValue(value), describeOrigin(origin)] as const,
  );
  write(lines([config.file ?? noFile, ...align(rows), ...complaints(loaded)]));
  return 0;
}

async function reference(_options: LoadOptions, { json, write }: Output): Promise<number> {
  const { listKeys, renderReference } = await import("../config/reference.ts");
  write(json ? formatJson({ keys: listKeys() }) : renderReference());
  return 0;
}

/** JSON either way. */
async function schema(_options: LoadOptions, { write }: Output): Promise<number> {
  const { jsonSchema } = await import("../config/reference.ts");
  write(`${JSON.stringify(jsonSchema(), null, 2)}\n`);
  return 0;
}

const noFile = "no configuration file, the defaults hold";

const faultsOf = (loaded: Loaded): readonly Fault[] =>
  loaded.kind === "faulty" ? loaded.faults : [];

const complaints = (loaded: Loaded): readonly string[] => [
  ...faultsOf(loaded).map(describeFault),
  ...loaded.warnings.map((warning) => `warning: ${describeFault(warning)}`),
];

function summary(loaded: Loaded): string {
  if (loaded.kind === "faulty") return count(loaded.faults.length, "fault");
  const { file, pools, deployments, services } = loaded.config;
  const things = [
    count(pools.length, "pool"),
    count(deployments.length, "file", "of deployments"),
    count(services.length, "service"),
  ];
  return `${file ?? noFile}: no faults; ${things.join(", ")}`;
}

function count(number: number, noun: string, of = ""): string {
  return `${number} ${noun}${number === 1 ? "" : "s"} ${of}`.trimEnd();
}

const placeOf = (origin: Origin): { readonly file?: string; readonly line?: number } =>
  origin.kind === "file" || origin.kind === "env-file"
    ? { file: origin.file, line: origin.line }
    : {};

function formatValue(value: unknown): string {
  if (value === undefined) return "none";
  return typeof value === "string" && /^\S.*$/.test(value) ? value : JSON.stringify(value);
}

function align(rows: readonly (readonly [string, string, string])[]): readonly string[] {
  const width = (column: 0 | 1): number => Math.max(...rows.map((row) => row[column].length));
  const [keys, values] = [width(0), Math.min(width(1), 60)];
  return rows.map(([key, value, origin]) =>
    [key.padEnd(keys), value.padEnd(values), origin].join("  "),
  );
}

const lines = (texts: readonly string[]): string => texts.map((text) => `${text}\n`).join("");

/** The shape is documented; a break of it raises the version. */
const formatJson = (content: object): string =>
  `${JSON.stringify({ version: 1, ...content }, null, 2)}\n`;
