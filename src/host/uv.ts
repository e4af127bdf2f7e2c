/** uv: where it is, how it is got, how it is run. */
import { existsSync } from "node:fs";
import { access, constants } from "node:fs/promises";
import { delimiter, join } from "node:path";
import * as z from "zod";
import type { FoundUv, Interpreter, Uv, UvResult } from "../prefect/environment/ports.ts";
import { runCommand } from "./command.ts";

/** The one that is fetched; `scripts/lib/versions.sh` names the same. */
export const ownVersion = "0.13.9";
/** The first that knows all that is asked of it. */
const oldest = [0, 5] as const;

const installTimeoutMs = 3_600_000;
const fetchTimeoutMs = 600_000;

export interface UvPlace {
  /** What uv is run with; see `uvEnvironment`. */
  readonly env: Readonly<Record<string, string>>;
  /** Where one that is fetched goes. */
  readonly folder: string;
  /** `libexec/fetch-uv`. */
  readonly fetcher: string;
  readonly progress: (doing: string) => void;
}

/** On PATH, where its own installer puts it, or in our folder; else it is fetched. */
export async function findUv(place: UvPlace, signal: AbortSignal): Promise<FoundUv> {
  const { env, folder, fetcher, progress } = place;
  const home = env["HOME"];
  const own = join(folder, `uv-${ownVersion}`);
  const candidates = [
    ...(env["PATH"] ?? "").split(delimiter).filter((part) => part.startsWith("/")),
    ...(home === undefined ? [] : [join(home, ".local/bin"), join(home, ".cargo/bin")]),
    own,
  ];
  for (const candidate of candidates) {
    const found = await tryUv(join(candidate, "uv"), env, signal);
    if (found !== undefined) return { kind: "found", uv: found };
  }
  progress(`gets uv ${ownVersion}, for there is none on this machine`);
  const fetched = await runCommand({
    command: [fetcher, ownVersion, join(own, "uv")],
    env,
    directory: "/",
    timeoutMs: fetchTimeoutMs,
    signal,
  });
  const uv = fetched.isOk ? await tryUv(join(own, "uv"), env, signal) : undefined;
  if (uv !== undefined) return { kind: "found", uv };
  return { kind: "failed", output: fetched.output || fetched.how || "it does not start" };
}

async function tryUv(
  program: string,
  env: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<Uv | undefined> {
  const isThere = await access(program, constants.X_OK).then(
    () => true,
    () => false,
  );
  if (!isThere) return undefined;
  const command = [program, "--version"] as const;
  const asked = await runCommand({ command, env, directory: "/", timeoutMs: 30_000, signal });
  const [, version, major, minor] = /^uv ((\d+)\.(\d+)\S*)/m.exec(asked.output) ?? [];
  if (!asked.isOk || version === undefined) return undefined;
  const isNewEnough = Number(major) > oldest[0] || Number(minor) >= oldest[1];
  return isNewEnough ? new HostUv(program, version, env) : undefined;
}

const interpreters = z.array(z.object({ version: z.string(), path: z.string() }));

class HostUv implements Uv {
  readonly version: string;
  readonly #program: string;
  readonly #env: Readonly<Record<string, string>>;

  constructor(program: string, version: string, env: Readonly<Record<string, string>>) {
    this.#program = program;
    this.version = version;
    this.#env = env;
  }

  run(args: readonly string[], directory: string, signal: AbortSignal): Promise<UvResult> {
    // Flows and the server go first: an environment has time.
    const command = ["nice", "-n", "10", this.#program, ...args] as const;
    return runCommand({ command, env: this.#env, directory, timeoutMs: installTimeoutMs, signal });
  }

  async findPython(
    wanted: string,
    directory: string,
    signal: AbortSignal,
  ): Promise<Interpreter | undefined> {
    const found = await this.run(["python", "find", "--no-project", wanted], directory, signal);
    const path = found.output.trim().split("\n").at(-1);
    if (!found.isOk || path === undefined) return undefined;
    const question = "import platform; print(platform.python_version())";
    const asked = await runCommand({
      command: [path, "-ISc", question],
      env: this.#env,
      directory,
      timeoutMs: 30_000,
      signal,
    });
    return asked.isOk ? { path, version: asked.output.trim() } : undefined;
  }

  async installedPythons(directory: string, signal: AbortSignal): Promise<readonly Interpreter[]> {
    const args = ["python", "list", "--only-installed", "--output-format", "json"];
    const { output } = await this.run(args, directory, signal);
    const line = output.split("\n").find((each) => each.startsWith("["));
    try {
      return interpreters.parse(JSON.parse(line ?? ""));
    } catch {
      return [];
    }
  }
}

/** Which index, which proxy, which cache: what a site sets for uv or pip. Not what would build something else. */
const passed =
  /^UV_(DEFAULT_INDEX|INDEX|INDEX_URL|EXTRA_INDEX_URL|INDEX_STRATEGY|FIND_LINKS|CACHE_DIR|NO_CACHE|NATIVE_TLS|SYSTEM_CERTS|HTTP_TIMEOUT|HTTP_RETRIES|OFFLINE|INSECURE_HOST|KEYRING_PROVIDER|CONFIG_FILE|LINK_MODE|PYTHON_INSTALL_DIR|CONCURRENT_[A-Z]+|INDEX_[A-Z0-9_]+_(USERNAME|PASSWORD))$|^PIP_(INDEX_URL|CERT)$/;

export function uvEnvironment(
  own: Readonly<Record<string, string | undefined>>,
  base: Readonly<Record<string, string>>,
  cacheWithoutHome: string,
): Readonly<Record<string, string>> {
  const site = Object.entries(own).flatMap(([name, value]) =>
    passed.test(name) && value !== undefined ? [[name, value] as const] : [],
  );
  const index = own["PIP_INDEX_URL"];
  return {
    // uv does not read pip's variables, and who set a mirror meant it for both.
    ...(index === undefined ? {} : { UV_DEFAULT_INDEX: index }),
    ...(base["HOME"] === undefined ? { UV_CACHE_DIR: cacheWithoutHome } : {}),
    UV_HTTP_TIMEOUT: "120",
    ...certificates(base),
    ...base,
    ...Object.fromEntries(site),
    UV_PYTHON_DOWNLOADS: "never",
    UV_NO_PROGRESS: "1",
    NO_COLOR: "1",
  };
}

const systemCertificates = "/etc/ssl/certs/ca-certificates.crt";

/** uv brings its own, and would refuse those of a site, which pip and curl accept. Its option had another name once. */
const certificates = (base: Readonly<Record<string, string>>): Readonly<Record<string, string>> =>
  base["SSL_CERT_FILE"] === undefined && existsSync(systemCertificates)
    ? { UV_SYSTEM_CERTS: "true", UV_NATIVE_TLS: "true" }
    : {};
