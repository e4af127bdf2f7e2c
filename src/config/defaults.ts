/** The defaults that depend on where we run, or on other keys. */
import { isAbsolute, join } from "node:path";
import type { Origin } from "./origin.ts";
import type { Written } from "./schema.ts";

export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  readonly uid: number;
}

/** For the reference: what the functions below do. */
export const computedDefaults: Readonly<Record<string, string>> = {
  state_dir:
    "$STATE_DIRECTORY where systemd sets it; /var/lib/sails-supervisor for root; else $XDG_STATE_HOME or ~/.local/state, and /sails-supervisor",
  "prefect.home": "<state_dir>/prefect",
  "jobs.backup.directory": "<state_dir>/backups",
  "environment.path":
    "<state_dir>/prefect-env if environment.project is set; else the Prefect on PATH is run",
  "services[].directory": "<state_dir>",
};

export interface StateDir {
  readonly path: string;
  readonly origin: Origin;
}

export function defaultStateDir({ env, home, uid }: Surroundings): StateDir {
  // systemd lists several, separated by colons, if a unit asks for several.
  const [ofUnit] = (env["STATE_DIRECTORY"] ?? "").split(":");
  if (ofUnit !== undefined && isAbsolute(ofUnit)) {
    return { path: ofUnit, origin: { kind: "variable", name: "STATE_DIRECTORY" } };
  }
  if (uid === 0) return { path: "/var/lib/sails-supervisor", origin: { kind: "default" } };
  const xdg = env["XDG_STATE_HOME"];
  // The XDG specification wants relative ones to be ignored.
  if (xdg !== undefined && isAbsolute(xdg)) {
    const origin = { kind: "variable", name: "XDG_STATE_HOME" } as const;
    return { path: join(xdg, "sails-supervisor"), origin };
  }
  return { path: join(home, ".local/state/sails-supervisor"), origin: { kind: "default" } };
}

type WrittenJobs = Written["jobs"];
type WrittenService = Written["services"][number];

/** Checked, and with all defaults. */
export interface Settings extends Omit<Written, "state_dir" | "prefect" | "services" | "jobs"> {
  readonly state_dir: string;
  readonly prefect: Written["prefect"] & { readonly home: string };
  readonly jobs: Omit<WrittenJobs, "backup"> & {
    readonly backup: WrittenJobs["backup"] & { readonly directory: string };
  };
  readonly services: readonly (WrittenService & { readonly directory: string })[];
}

export function withComputedDefaults(written: Written, stateDir: string): Settings {
  const state_dir = written.state_dir ?? stateDir;
  return {
    ...written,
    state_dir,
    environment: withPath(written.environment, state_dir),
    prefect: { ...written.prefect, home: written.prefect.home ?? join(state_dir, "prefect") },
    jobs: {
      ...written.jobs,
      backup: {
        ...written.jobs.backup,
        directory: written.jobs.backup.directory ?? join(state_dir, "backups"),
      },
    },
    services: written.services.map((service) => ({
      ...service,
      directory: service.directory ?? state_dir,
    })),
  };
}

/** What is built for a project has to lie somewhere. */
const withPath = (environment: Written["environment"], stateDir: string): Written["environment"] =>
  environment.project === undefined || environment.path !== undefined
    ? environment
    : { ...environment, path: join(stateDir, "prefect-env") };
