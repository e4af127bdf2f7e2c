/** Reads the file behind `web.config_file`. Half understood it would leave open what somebody wanted closed. */
import { dirname } from "node:path";
import type { WebSecurity } from "./config.ts";
import type { Fault } from "./fault.ts";
import { faultsOf } from "./issues.ts";
import { isTree, type KeyPath, type Tree, valueAt } from "./key-path.ts";
import { absolutePaths } from "./paths.ts";
import { absent } from "./referenced-files.ts";
import { mapKinds } from "./schema-walk.ts";
import { combine, type Sources } from "./sources.ts";
import { readText } from "./text-file.ts";
import { cipherNames, curveNames, webSchema } from "./web-schema.ts";
import { readYaml } from "./yaml-source.ts";

export interface WebFile {
  /** Undefined where there is none, or a faulty one. */
  readonly security: WebSecurity | undefined;
  readonly faults: readonly Fault[];
  readonly warnings: readonly Fault[];
}

const key = ["web", "config_file"];
const nothing: WebFile = { security: undefined, faults: [], warnings: [] };
const faulty = (...faults: readonly Fault[]): WebFile => ({ ...nothing, faults });

export async function readWebFile(sources: Sources, home: string): Promise<WebFile> {
  const file = valueAt(sources.tree, key);
  // A path that is none is named by the schema.
  if (typeof file !== "string" || !file.startsWith("/") || file.includes("\0")) return nothing;
  const read = await readText(file);
  if (read.kind === "absent") return faulty({ ...sources.locate(key), ...absent(file) });
  if (read.kind === "unusable") {
    const message = `${file} ${read.message}`;
    return faulty({ ...sources.locate(key), message, cure: read.cure });
  }
  const yaml = readYaml(file, read.text);
  if (yaml.kind === "faulty") return faulty(...yaml.faults);
  const { tree, placeOf } = yaml.source;
  const absolute = mapKinds(webSchema, tree, absolutePaths(dirname(file), home));
  return understand(file, isTree(absolute) ? absolute : {}, placeOf);
}

async function understand(
  file: string,
  tree: Tree,
  placeOf: Parameters<typeof combine>[0]["placeOf"],
): Promise<WebFile> {
  const sources = combine({ file, tree, placeOf }, [], []);
  const checked = webSchema.safeParse(tree);
  const faults = (checked.error?.issues ?? []).flatMap((issue) =>
    faultsOf(webSchema, issue, sources),
  );
  if (!checked.success) return faulty(...faults);
  const {
    tls_server_config: tls,
    http_server_config: http,
    basic_auth_users: users,
  } = checked.data;
  const at = (path: KeyPath) => sources.locate(path);
  const inTls = (name: string) => at(["tls_server_config", name]);
  if (tls !== undefined) {
    const named = [
      ["cert_file", tls.cert_file],
      ["key_file", tls.key_file],
      ["client_ca_file", tls.client_ca_file],
    ] as const;
    for (const [name, path] of named) {
      if (path !== undefined) faults.push(...(await complaints(inTls(name), path)));
    }
    if (tls.min_version === "TLS13" && tls.max_version === "TLS12") {
      faults.push({ ...inTls("min_version"), message: "is above max_version" });
    }
    const verifies = /Verify/.test(tls.client_auth_type);
    if (verifies && tls.client_ca_file === undefined) {
      const message = `${tls.client_auth_type} needs client_ca_file`;
      faults.push({ ...inTls("client_auth_type"), message });
    }
    if (!verifies && tls.client_ca_file !== undefined) {
      const message = `${tls.client_auth_type} does not look at client_ca_file`;
      const cure = "set client_auth_type to RequireAndVerifyClientCert, or take client_ca_file out";
      faults.push({ ...inTls("client_ca_file"), message, cure });
    }
  }
  if (faults.length > 0) return faulty(...faults);
  return {
    security: {
      file,
      tls: tls && {
        certFile: tls.cert_file,
        keyFile: tls.key_file,
        clientAuth: tls.client_auth_type,
        clientCaFile: tls.client_ca_file,
        allowedSans: tls.client_allowed_sans,
        minVersion: versions[tls.min_version],
        maxVersion: versions[tls.max_version],
        ciphers: tls.cipher_suites.map((name) => cipherNames[name]),
        curves: tls.curve_preferences.map((name) => curveNames[name]),
        prefersOwnCiphers: tls.prefer_server_cipher_suites,
      },
      headers: Object.fromEntries(
        Object.entries(http.headers).flatMap(([name, value]) =>
          value === undefined ? [] : [[name, value] as const],
        ),
      ),
      users,
    },
    faults: [],
    warnings: tls === undefined ? [] : await keyWarnings(inTls("key_file"), tls.key_file),
  };
}

const versions = { TLS12: "TLSv1.2", TLS13: "TLSv1.3" } as const;

async function complaints(at: Partial<Fault>, path: string): Promise<readonly Fault[]> {
  const read = await readText(path);
  if (read.kind === "absent") return [{ ...at, ...absent(path) }];
  if (read.kind === "unusable") {
    return [{ ...at, message: `${path} ${read.message}`, cure: read.cure }];
  }
  if (/-----BEGIN /.test(read.text)) return [];
  return [{ ...at, message: `${path} holds something else`, expected: "PEM, with -----BEGIN" }];
}

async function keyWarnings(at: Partial<Fault>, path: string): Promise<readonly Fault[]> {
  const read = await readText(path);
  if (read.kind !== "text" || (read.mode & 0o007) === 0) return [];
  const message = `${path} can be read by everybody`;
  return [{ ...at, message, cure: `run: chmod o= ${path}` }];
}
