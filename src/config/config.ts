/**
 * The configuration as the rest of the program sees it: checked, complete, frozen. All paths are
 * absolute, all durations milliseconds. Types only, so that importing it costs nothing.
 */
import type { Millis } from "../supervision/time.ts";

export interface Config {
  /** The file that was read; undefined when the defaults stand alone. */
  readonly file: string | undefined;
  readonly stateDir: string;
  readonly prefect: PrefectConfig;
  readonly environment: EnvironmentConfig;
  readonly server: ServerConfig;
  readonly pools: readonly PoolConfig[];
  readonly deployments: readonly DeploymentsConfig[];
  readonly checks: readonly CheckConfig[];
  readonly notify: readonly NotifyConfig[];
  readonly concurrencyLimits: readonly LimitConfig[];
  readonly drift: DriftConfig;
  readonly services: readonly ServiceConfig[];
  readonly jobs: JobsConfig;
  readonly web: WebConfig;
}

export interface WebConfig {
  readonly listen: Address;
  /** Undefined: whoever reaches it may read. */
  readonly security: WebSecurity | undefined;
}

/** Of the file behind `web.config_file`. */
export interface WebSecurity {
  readonly file: string;
  readonly tls: WebTls | undefined;
  readonly headers: Readonly<Record<string, string>>;
  /** Bcrypt hashes by name; empty: no password is asked for. */
  readonly users: Readonly<Record<string, string>>;
}

export interface WebTls {
  readonly certFile: string;
  readonly keyFile: string;
  readonly clientAuth:
    | "NoClientCert"
    | "RequestClientCert"
    | "RequireAnyClientCert"
    | "VerifyClientCertIfGiven"
    | "RequireAndVerifyClientCert";
  readonly clientCaFile: string | undefined;
  /** Empty: whoever has a certificate that is taken. */
  readonly allowedSans: readonly string[];
  readonly minVersion: "TLSv1.2" | "TLSv1.3";
  readonly maxVersion: "TLSv1.2" | "TLSv1.3";
  /** OpenSSL's names; empty: its own choice. */
  readonly ciphers: readonly string[];
  readonly curves: readonly string[];
  readonly prefersOwnCiphers: boolean;
}

export type EnvironmentVariables = Readonly<Record<string, string>>;

export interface Address {
  /** Without the brackets of an IPv6 address. */
  readonly host: string;
  readonly port: number;
}

export interface PrefectConfig {
  readonly home: string;
  readonly envFile: string | undefined;
  readonly profile: string;
  /** `prefect.env` of the file over what is left of the variables in `envFile`. */
  readonly env: EnvironmentVariables;
  /** Undefined while a server runs here; else set where there are pools or deployments. */
  readonly apiUrl: string | undefined;
}

export interface EnvironmentConfig {
  readonly project: string | undefined;
  readonly path: string | undefined;
  /** A version such as `3.12`, or the absolute path of an interpreter. */
  readonly python: string | undefined;
}

export interface ServerConfig {
  readonly enabled: boolean;
  readonly host: string;
  readonly port: number;
  readonly publicUrl: string | undefined;
  /** Holds `user:password`; the words themselves never enter the configuration. */
  readonly authFile: string | undefined;
  readonly databaseUrl: string | undefined;
}

export interface PoolConfig {
  readonly name: string;
  readonly type: string;
  /** Undefined: not ours to say, what Prefect holds stays. */
  readonly concurrencyLimit: number | undefined;
  readonly description: string | undefined;
  readonly queues: readonly QueueConfig[];
  readonly workers: number;
  /** Names of checks that exist. */
  readonly requires: readonly string[];
  /** Only of a process pool: its runs outlive their worker. */
  readonly detached: boolean;
  readonly drainTimeout: Millis;
  /** How long flows may go on when the whole is stopped. */
  readonly stopTimeout: Millis;
  /** What becomes of processes that a run has left behind. */
  readonly strays: "kill" | "report";
  readonly onCrash: "leave" | "reschedule";
  /** Of one run that crashed. */
  readonly maxReschedules: number;
}

export interface QueueConfig {
  readonly name: string;
  readonly concurrencyLimit: number | undefined;
  readonly priority: number | undefined;
}

export interface LimitConfig {
  readonly name: string;
  readonly limit: number;
}

/** What is done about a change in Prefect: it is put back, or only reported. */
export type DriftConfig = Readonly<
  Record<"limits" | "pools" | "deployments" | "schedules", "enforce" | "report">
>;

export interface DeploymentsConfig {
  readonly prefectYaml: string;
  /** Whether what we made from the file goes when it is no longer in it. */
  readonly prune: boolean;
  readonly schedules: readonly ScheduleConfig[];
}

export interface ScheduleConfig {
  /** FLOW/NAME. */
  readonly deployment: string;
  readonly rule: ScheduleRule;
  readonly timezone: string;
  readonly active: boolean;
}

export type ScheduleRule =
  | { readonly kind: "cron"; readonly cron: string }
  | { readonly kind: "interval"; readonly interval: Millis }
  | { readonly kind: "rrule"; readonly rrule: string };

export interface CheckConfig {
  readonly name: string;
  readonly target: CheckTarget;
  readonly every: Millis;
  readonly timeout: Millis;
  readonly failureThreshold: number;
  readonly successThreshold: number;
}

export type CheckTarget =
  | { readonly kind: "mount"; readonly path: string }
  | { readonly kind: "command"; readonly command: readonly string[] }
  | { readonly kind: "http"; readonly url: string }
  /** `maxAge` undefined: it only has to be there. */
  | { readonly kind: "file"; readonly path: string; readonly maxAge: Millis | undefined }
  /** Times before the end of what expires first. */
  | {
      readonly kind: "certificate";
      readonly path: string;
      readonly warn: Millis;
      readonly fail: Millis;
    }
  /** In bytes. */
  | FreeSpaceTarget;

export interface FreeSpaceTarget {
  readonly kind: "free-space";
  readonly path: string;
  readonly warn: number;
  readonly min: number;
}

export interface NotifyConfig {
  readonly name: string;
  readonly target: NotifyTarget;
  readonly on: readonly NotifyEvent[];
  readonly minInterval: Millis;
  /** Of one attempt. */
  readonly timeout: Millis;
}

/** The address of a webhook is a secret. */
export type NotifyTarget =
  | { readonly kind: "command"; readonly command: readonly string[] }
  | { readonly kind: "url"; readonly url: string };

/** What people can be told of; `recovered` ends each of the others. */
export type NotifyEvent =
  | "unit-failing"
  | "breaker-open"
  | "check-failing"
  | "backup-failed"
  | "job-failed"
  | "problem"
  | "recovered";

export interface ServiceConfig {
  readonly name: string;
  readonly command: readonly string[];
  readonly env: EnvironmentVariables;
  readonly directory: string;
  /** Names of units that exist, without a cycle. */
  readonly after: readonly string[];
  readonly restart: "always" | "on-failure" | "no";
  readonly restartDelay: Millis;
  readonly restartMaxDelay: Millis;
  readonly stableAfter: Millis;
  readonly startTimeout: Millis;
  readonly stopSignal: NodeJS.Signals;
  readonly stopTimeout: Millis;
  readonly startup: ProbeConfig | undefined;
  readonly readiness: ProbeConfig | undefined;
  readonly liveness: ProbeConfig | undefined;
}

export interface ProbeConfig {
  readonly target: ProbeTarget;
  readonly period: Millis;
  readonly timeout: Millis;
  readonly failureThreshold: number;
  readonly successThreshold: number;
}

export type ProbeTarget =
  | { readonly kind: "http"; readonly url: string }
  | ({ readonly kind: "tcp" } & Address)
  | { readonly kind: "command"; readonly command: readonly string[] };

export interface JobsConfig {
  readonly backup: BackupConfig;
  readonly retention: RetentionConfig;
  readonly custom: readonly CustomJobConfig[];
}

/** When, and how long at most. */
export interface JobTimes {
  readonly cron: string;
  /** An IANA name. */
  readonly timezone: string;
  readonly timeout: Millis;
}

export interface BackupConfig extends Omit<JobTimes, "cron"> {
  /** Undefined: by hand only. */
  readonly cron: string | undefined;
  readonly directory: string;
  readonly keep: number;
  /** Further SQLite files. */
  readonly databases: readonly string[];
}

/** Undefined: nothing of that kind is deleted. */
export interface RetentionConfig extends JobTimes {
  readonly events: Millis | undefined;
  readonly runs: Millis | undefined;
  readonly offlineWorkers: Millis | undefined;
}

export interface CustomJobConfig extends JobTimes {
  readonly name: string;
  readonly work:
    | { readonly kind: "command"; readonly command: readonly [string, ...string[]] }
    /** `FLOW/NAME`. */
    | { readonly kind: "deployment"; readonly deployment: string };
}
