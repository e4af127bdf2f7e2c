/** Keeps the profile of the configuration in Prefect's `profiles.toml`, for the shells of people. */
import { join } from "node:path";
import type { Config } from "../config/config.ts";
import { AtomicFile } from "../host/atomic-file.ts";
import { machine } from "../host/machine.ts";
import { planProfile } from "../prefect/declared/profile.ts";
import type { Step } from "../prefect/declared/steps.ts";
import { apiUrl } from "../prefect/installation.ts";

/** Undefined if all is well; else what is not, as a sentence. */
export async function keepProfile(config: Config): Promise<string | undefined> {
  const { home, profile } = config.prefect;
  const file = new AtomicFile(join(home, "profiles.toml"));
  // The preflight of the server says so, and when that is cured the profile is kept, too.
  if ((await machine.whyNotWritable(home)) !== undefined) return undefined;
  try {
    const plan = planProfile(await file.read(), profile, apiUrl(config));
    if (plan.kind === "unreadable") {
      return `${file.path} cannot be read (${plan.why}), so the profile ${profile} is not kept in it`;
    }
    if (plan.kind === "write") await file.write(plan.text);
    return undefined;
  } catch (error) {
    return `the profile ${profile} could not be written to ${file.path}: ${String(error)}`;
  }
}

/** For a plan: undefined if it is as declared, or nothing can be said of it. */
export async function profileStep(config: Config): Promise<Step | undefined> {
  const { home, profile } = config.prefect;
  try {
    const text = await new AtomicFile(join(home, "profiles.toml")).read();
    const plan = planProfile(text, profile, apiUrl(config));
    if (plan.kind !== "write") return undefined;
    return {
      kind: "profile",
      name: profile,
      action: text === undefined ? "create" : "change",
      fields: [{ field: "PREFECT_API_URL", from: plan.from, to: apiUrl(config) }],
      why: undefined,
      isDrift: false,
    };
  } catch {
    return undefined;
  }
}
