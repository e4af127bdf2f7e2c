import { join } from "node:path";
import { expect, test } from "vitest";
import { describeFault } from "../../src/config/fault.ts";
import { loadConfig } from "../../src/config/load.ts";
import { makeFolder, optionsIn } from "./load-from.ts";

const hash = "$2y$10$QOauhQNbBCuQDKes6eFzPeMqBSjb7Mr5DUmpZ/VcEd00UAV/LDeSi";
const pem = "-----BEGIN SOMETHING-----\n";
const tls = "tls_server_config: {cert_file: a.pem, key_file: a.key";

async function load(web: string | undefined, keyMode = 0o600) {
  await using folder = await makeFolder();
  const yaml = "web: {config_file: sub/web.yml}\n";
  await folder.write("config.yaml", yaml);
  if (web !== undefined) await folder.write("sub/web.yml", web);
  await folder.write("sub/a.pem", pem);
  await folder.write("sub/a.key", pem, keyMode);
  await folder.write("sub/text", "no certificate");
  const loaded = await loadConfig(optionsIn(folder, { yaml }));
  const hide = (text: string): string => text.replaceAll(folder.path, "DIR");
  return {
    config: loaded.kind === "loaded" ? loaded.config.web.security : undefined,
    faults: loaded.kind === "faulty" ? loaded.faults.map(describeFault).map(hide) : [],
    warnings: loaded.warnings.map(describeFault).map(hide),
    folder: folder.path,
  };
}

test("TLS, headers and users, with paths from the folder of the file", async () => {
  const { config, faults, folder } = await load(`
${tls}, client_auth_type: RequireAndVerifyClientCert, client_ca_file: a.pem,
  client_allowed_sans: [prometheus], min_version: TLS13, curve_preferences: [X25519, CurveP256],
  cipher_suites: [TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256], prefer_server_cipher_suites: false}
http_server_config: {http2: false, headers: {X-Frame-Options: deny}}
basic_auth_users: {prometheus: "${hash}"}
`);
  expect(faults).toEqual([]);
  const at = (name: string): string => join(folder, "sub", name);
  expect(config).toEqual({
    file: at("web.yml"),
    tls: {
      certFile: at("a.pem"),
      keyFile: at("a.key"),
      clientAuth: "RequireAndVerifyClientCert",
      clientCaFile: at("a.pem"),
      allowedSans: ["prometheus"],
      minVersion: "TLSv1.3",
      maxVersion: "TLSv1.3",
      ciphers: ["ECDHE-RSA-AES128-GCM-SHA256"],
      curves: ["X25519", "prime256v1"],
      prefersOwnCiphers: false,
    },
    headers: { "X-Frame-Options": "deny" },
    users: { prometheus: hash },
  });
});

test("an empty file protects nothing", async () => {
  const { config } = await load("");
  expect(config).toMatchObject({ tls: undefined, headers: {}, users: {} });
});

test.each([
  ["basic_auth_user: {}", ":1:1: basic_auth_user: unknown key; did you mean basic_auth_users?"],
  [
    "tls_server_config: {cert_file: a.pem}",
    ":1:1: tls_server_config.key_file: is missing, expected a path, written out or beginning with ~/",
  ],
  [`${tls}, key_fil: x}`, ":1:56: tls_server_config.key_fil: unknown key; did you mean key_file?"],
  [
    `${tls}, min_version: TLS11}`,
    ':1:56: tls_server_config.min_version: is "TLS11", expected one of TLS12, TLS13; did you mean TLS12?',
  ],
  [
    `${tls}, min_version: TLS13, max_version: TLS12}`,
    ":1:56: tls_server_config.min_version: is above max_version",
  ],
  [
    `${tls}, client_auth_type: RequireAndVerifyClientCert}`,
    ":1:56: tls_server_config.client_auth_type: RequireAndVerifyClientCert needs client_ca_file",
  ],
  [
    `${tls}, client_ca_file: a.pem}`,
    ":1:56: tls_server_config.client_ca_file: NoClientCert does not look at client_ca_file; set client_auth_type to RequireAndVerifyClientCert, or take client_ca_file out",
  ],
  [
    `${tls}, cipher_suites: [RC4]}`,
    expect.stringContaining(':1:72: tls_server_config.cipher_suites[0]: is "RC4", expected one of'),
  ],
  [
    "tls_server_config: {cert_file: text, key_file: b.key}",
    ":1:21: tls_server_config.cert_file: DIR/sub/text holds something else, expected PEM, with -----BEGIN",
    ":1:38: tls_server_config.key_file: DIR/sub/b.key does not exist; correct the path, create it, or take the key out",
  ],
  [
    "basic_auth_users: {prometheus: secret}",
    ':1:20: basic_auth_users.prometheus: is no bcrypt hash, expected a bcrypt hash, as "htpasswd -nBC 10 USER" prints it after the colon',
  ],
  [
    "http_server_config: {headers: {Server: me}}",
    expect.stringContaining(":1:32: http_server_config.headers.Server: unknown key; known here:"),
  ],
  ["a: b: c", expect.stringContaining(":1:4: is not valid YAML")],
])("%s", async (web, ...said) => {
  const { faults, config } = await load(web);
  expect(config).toBeUndefined();
  const whole = said.map((words) =>
    typeof words === "string" ? `DIR/sub/web.yml${words}` : words,
  );
  expect(faults).toEqual(whole);
});

test("one that is not there, at the key that names it", async () => {
  const { faults } = await load(undefined);
  expect(faults).toEqual([
    "DIR/config.yaml:1:7: web.config_file: DIR/sub/web.yml does not exist; correct the path, create it, or take the key out",
  ]);
});

test("a key that everybody may read is worth a warning", async () => {
  expect((await load(`${tls}}`)).warnings).toEqual([]);
  expect((await load(`${tls}}`, 0o644)).warnings).toEqual([
    "DIR/sub/web.yml:1:39: tls_server_config.key_file: DIR/sub/a.key can be read by everybody; run: chmod o= DIR/sub/a.key",
  ]);
});
