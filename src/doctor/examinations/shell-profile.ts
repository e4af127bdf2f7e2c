/** Where `prefect` leads that is typed into this shell. */
import { join } from "node:path";
import { parse } from "smol-toml";
import * as z from "zod";
import type { Config } from "../../config/config.ts";
import { apiUrl, publicApiUrl } from "../../prefect/installation.ts";
import { type Examination, seenOf } from "../examination.ts";
import type { Finding } from "../finding.ts";

export const shellProfile: Examination = {
  name: "shell-profile",
  finds: "PREFECT_API_URL, PREFECT_HOME or Prefect's profile of this shell leads to another server",
  examine: async ({ config, shell, eyes, prefect, userHome }) => {
    if (prefect === undefined) return [];
    const home = shell["PREFECT_HOME"] || join(userHome, ".prefect");
    const profiles = seenOf(await eyes.read(join(home, "profiles.toml")));
    return judgeShell(config, {
      home: shell["PREFECT_HOME"] || undefined,
      url: shell["PREFECT_API_URL"] || undefined,
      profile: activeIn(profiles, shell["PREFECT_PROFILE"] || undefined),
    });
  },
};

export interface ShellSettings {
  readonly home: string | undefined;
  readonly url: string | undefined;
  readonly profile: { readonly name: string; readonly url: string | undefined } | undefined;
}

export function judgeShell(
  config: Config,
  { home, url, profile }: ShellSettings,
): readonly Finding[] {
  const here = apiUrl(config);
  const name = config.prefect.profile;
  const cure = `\`export PREFECT_HOME=${config.prefect.home}\` and \`prefect profile use ${name}\` lead to this server; or \`export PREFECT_API_URL=${here}\``;
  const why =
    "a `prefect` that is typed here shows and changes something else than what is supervised";
  const found: Finding[] = [];
  if (url !== undefined && !isSame(url, config)) {
    const what = `PREFECT_API_URL of this shell is ${bare(url)}, and the server that is supervised is ${here}`;
    found.push({
      id: "shell-profile:url",
      severity: "warning",
      what,
      why,
      cure: `\`unset PREFECT_API_URL\`; ${cure}`,
    });
  }
  if (home !== undefined && home.replace(/\/+$/, "") !== config.prefect.home && url === undefined) {
    const what = `PREFECT_HOME of this shell is ${home}, and that of the configuration is ${config.prefect.home}`;
    found.push({ id: "shell-profile:home", severity: "warning", what, why, cure });
  } else if (url === undefined && profile?.url !== undefined && !isSame(profile.url, config)) {
    const what = `the profile ${profile.name} of this shell leads to ${bare(profile.url)}, and the server that is supervised is ${here}`;
    found.push({ id: "shell-profile:profile", severity: "warning", what, why, cure });
  }
  return found;
}

/** Without user and password. */
const bare = (url: string): string => {
  if (!URL.canParse(url)) return "no address";
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
};

const loopback = /^(127\.\d+\.\d+\.\d+|localhost|\[::1\]|0\.0\.0\.0)$/;

/** This machine has many names, which are not looked up: on one port there is one server. */
function isSame(url: string, config: Config): boolean {
  if (!URL.canParse(url)) return false;
  const there = new URL(url);
  const own = [apiUrl(config), publicApiUrl(config)].filter((one) => URL.canParse(one));
  return own.some((one) => {
    const { port, hostname, protocol } = new URL(one);
    if (there.port !== port || there.protocol !== protocol) return false;
    const areBothLocal = loopback.test(hostname) && loopback.test(there.hostname);
    return (
      there.hostname === hostname ||
      areBothLocal ||
      (config.server.enabled && !loopback.test(there.hostname))
    );
  });
}

const shape = z.looseObject({
  active: z.string().optional(),
  profiles: z.record(
    z.string(),
    z.looseObject({ PREFECT_API_URL: z.string().optional().catch(undefined) }),
  ),
});

function activeIn(text: string | undefined, chosen: string | undefined): ShellSettings["profile"] {
  try {
    const { active, profiles } = shape.parse(parse(text ?? ""));
    const name = chosen ?? active;
    const profile = name === undefined ? undefined : profiles[name];
    return name === undefined || profile === undefined
      ? undefined
      : { name, url: profile.PREFECT_API_URL };
  } catch {
    return undefined;
  }
}
