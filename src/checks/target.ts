/** What a check looks at: what the configuration says, and the volume that PREFECT_HOME is on. */
import type { CheckConfig, CheckTarget, FreeSpaceTarget } from "../config/config.ts";
import { maskUrls } from "../config/secrets.ts";

/** What is checked, with all that is needed to judge what is seen. */
export type Target = CheckTarget | HomeTarget;

export interface HomeTarget extends Omit<FreeSpaceTarget, "kind"> {
  readonly kind: "home";
  /** What the folder was marked with when a server last ran in it; undefined if none has. */
  readonly mark: () => Promise<string | undefined>;
}

export interface Check extends Omit<CheckConfig, "target"> {
  readonly target: Target;
}

/** `mount /home/ubuntu/arc`: what is looked at, for people. */
export function describeTarget(target: Target): string {
  switch (target.kind) {
    case "command":
      return `command ${maskUrls(target.command.join(" "))}`;
    case "http":
      return `http ${withoutUser(target.url)}`;
    case "free-space":
      return `free space of ${target.path}`;
    case "home":
      return `volume of ${target.path}`;
    case "mount":
    case "file":
    case "certificate":
      return `${target.kind} ${target.path}`;
    default:
      return target satisfies never;
  }
}

/** An address may hold a password, or a key among its parameters. */
export function withoutUser(address: string): string {
  const url = new URL(address);
  url.username = "";
  url.password = "";
  return maskUrls(url.href);
}
