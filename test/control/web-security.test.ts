/** The pages with TLS and passwords, read by a real client. */
import { execFile } from "node:child_process";
import { mkdtemp, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { hashSync } from "bcryptjs";
import { expect, onTestFinished, test } from "vitest";
import { isWelcome } from "../../src/control/certificates.ts";
import type { TlsFiles, WebSecurity } from "../../src/control/web-security.ts";
import { openWebServer } from "../../src/control/web-server.ts";
import { makeCertificate } from "../support/certificates.ts";
import { crashed, FakePlane, statusOf, unit } from "./support/fake-plane.ts";

const users = { reader: hashSync("secret", 4) };
const unprotected: WebSecurity = { tls: undefined, headers: {}, users: {} };

async function folderFor(...certificates: readonly (readonly [string, string?])[]) {
  const folder = await mkdtemp(join(tmpdir(), "sails-tls-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  for (const [name, issuer] of certificates) makeCertificate(folder, name, issuer);
  return folder;
}

const tlsIn = (folder: string, changes: Partial<TlsFiles> = {}): TlsFiles => ({
  certFile: join(folder, "a.pem"),
  keyFile: join(folder, "a.key"),
  clientAuth: "NoClientCert",
  clientCaFile: undefined,
  allowedSans: [],
  minVersion: "TLSv1.2",
  maxVersion: "TLSv1.3",
  ciphers: [],
  curves: [],
  prefersOwnCiphers: true,
  ...changes,
});

async function open(security: Partial<WebSecurity>, plane = new FakePlane(statusOf([unit("a")]))) {
  const reported: string[] = [];
  const all = { ...unprotected, ...security };
  const result = await openWebServer({
    plane,
    host: "127.0.0.1",
    port: 0,
    security: () => all,
    passwordWorker: resolve("src/control/password-worker.ts"),
    report: (error) => reported.push(String(error)),
  });
  if (result.kind === "failed") throw new Error(result.why);
  onTestFinished(() => result.server[Symbol.asyncDispose]());
  const scheme = all.tls === undefined ? "http" : "https";
  return { url: `${scheme}://127.0.0.1:${result.server.port}`, reported };
}

/** The status; 0 if the connection failed. */
function curl(...args: readonly string[]): Promise<number> {
  return new Promise((done) => {
    const all = ["--silent", "--output", "/dev/null", "--write-out", "%{http_code}", ...args];
    execFile("curl", all, (_, stdout) => done(Number(stdout)));
  });
}

test("who has the password reads, and nobody else", async () => {
  const { url } = await open({ users });
  expect(await curl("-u", "reader:secret", `${url}/metrics`)).toBe(200);
  expect(await curl(`${url}/metrics`)).toBe(401);
  expect(await curl("-u", "reader:Secret", `${url}/metrics`)).toBe(401);
  expect(await curl("-u", "nobody:secret", `${url}/metrics`)).toBe(401);
  expect(await curl("-u", "constructor:secret", `${url}/`)).toBe(401);
  expect(await curl("-H", "Authorization: Basic !", `${url}/api/v1/status`)).toBe(401);
  expect(await curl("-u", "reader:secret", "-X", "POST", `${url}/metrics`)).toBe(405);
});

test("whether it lives and is ready is told to everybody, why not only to who has the password", async () => {
  const plane = new FakePlane(statusOf([crashed("worker@secret-pool")]));
  const { url } = await open({ users }, plane);
  expect(await curl(`${url}/livez`)).toBe(200);
  expect(await curl(`${url}/readyz`)).toBe(503);
  expect(await (await fetch(`${url}/readyz`)).text()).not.toContain("secret-pool");
  expect(await curl(`${url}/readyz?verbose`)).toBe(401);
  expect(await curl(`${url}/readyz/worker@secret-pool`)).toBe(401);
});

test("headers of the file are in each answer", async () => {
  const { url } = await open({ headers: { "Strict-Transport-Security": "max-age=60" } });
  const { headers } = await fetch(`${url}/livez`);
  expect(headers.get("strict-transport-security")).toBe("max-age=60");
});

test("over TLS, and not without it", async () => {
  const folder = await folderFor(["a"]);
  const { url } = await open({ tls: tlsIn(folder), users });
  const trusting = ["--cacert", join(folder, "a.pem")];
  expect(await curl(...trusting, "-u", "reader:secret", `${url}/metrics`)).toBe(200);
  expect(await curl(...trusting, `${url}/metrics`)).toBe(401);
  expect(await curl(`${url}/metrics`)).toBe(0);
  expect(await curl(url.replace("https", "http"))).toBe(0);
});

test("no version of TLS below the least", async () => {
  const folder = await folderFor(["a"]);
  const { url } = await open({ tls: tlsIn(folder, { minVersion: "TLSv1.3" }) });
  const trusting = ["--cacert", join(folder, "a.pem")];
  expect(await curl(...trusting, "--tls-max", "1.2", `${url}/livez`)).toBe(0);
  expect(await curl(...trusting, `${url}/livez`)).toBe(200);
});

test("a chosen cipher and curve are the ones that are used", async () => {
  const folder = await folderFor(["a"]);
  const tls = tlsIn(folder, {
    maxVersion: "TLSv1.2",
    ciphers: ["ECDHE-ECDSA-AES256-GCM-SHA384"],
    curves: ["secp384r1"],
  });
  const { url } = await open({ tls });
  const trusting = ["--cacert", join(folder, "a.pem"), "--tls-max", "1.2"];
  const with_ = (cipher: string) => curl(...trusting, "--ciphers", cipher, `${url}/livez`);
  expect(await with_("ECDHE-ECDSA-AES256-GCM-SHA384")).toBe(200);
  expect(await with_("ECDHE-ECDSA-AES128-GCM-SHA256")).toBe(0);
  expect(await curl(...trusting, "--curves", "prime256v1", `${url}/livez`)).toBe(0);
});

test("a certificate that is renewed is shown to the next who comes; a broken one is not", async () => {
  const folder = await folderFor(["a"], ["b"]);
  const { url, reported } = await open({ tls: tlsIn(folder) });
  const old = join(folder, "old.pem");
  expect(await curl("--cacert", join(folder, "a.pem"), `${url}/livez`)).toBe(200);
  await rename(join(folder, "a.pem"), old);
  await rename(join(folder, "b.pem"), join(folder, "a.pem"));
  // The key of another one: as in the middle of a renewal.
  expect(await curl("--cacert", old, `${url}/livez`)).toBe(200);
  expect(reported.join()).toContain("still the one of before");
  await rename(join(folder, "b.key"), join(folder, "a.key"));
  expect(await curl("--cacert", join(folder, "a.pem"), `${url}/livez`)).toBe(200);
  expect(await curl("--cacert", old, `${url}/livez`)).toBe(0);
  expect(reported).toHaveLength(1);
});

test("clients with a certificate of ours alone", async () => {
  const folder = await folderFor(["a"], ["ca"], ["client", "ca"], ["other"]);
  const clientCaFile = join(folder, "ca.pem");
  const required = { clientAuth: "RequireAndVerifyClientCert", clientCaFile } as const;
  const { url } = await open({ tls: tlsIn(folder, { ...required, allowedSans: ["client"] }) });
  const trusting = ["--cacert", join(folder, "a.pem")];
  const by = (name: string) => [
    ...["--cert", join(folder, `${name}.pem`)],
    ...["--key", join(folder, `${name}.key`)],
  ];
  expect(await curl(...trusting, ...by("client"), `${url}/livez`)).toBe(200);
  expect(await curl(...trusting, ...by("other"), `${url}/livez`)).toBe(0);
  expect(await curl(...trusting, ...by("ca"), `${url}/livez`)).toBe(0);
  expect(await curl(...trusting, `${url}/livez`)).toBe(0);

  const lax = await open({
    tls: tlsIn(folder, { clientAuth: "VerifyClientCertIfGiven", clientCaFile }),
  });
  expect(await curl(...trusting, `${lax.url}/livez`)).toBe(200);
  expect(await curl(...trusting, ...by("other"), `${lax.url}/livez`)).toBe(0);
});

const nobody = { hasCertificate: false, isVerified: false, subjectAltName: undefined };
const stranger = { hasCertificate: true, isVerified: false, subjectAltName: "DNS:x" };
const friend = { hasCertificate: true, isVerified: true, subjectAltName: "DNS:x, IP Address:::1" };

test.each([
  ["NoClientCert", [], [true, true, true]],
  ["RequestClientCert", [], [true, true, true]],
  ["RequireAnyClientCert", [], [false, true, true]],
  ["VerifyClientCertIfGiven", [], [true, false, true]],
  ["RequireAndVerifyClientCert", [], [false, false, true]],
  ["RequireAndVerifyClientCert", ["::1"], [false, false, true]],
  ["RequireAndVerifyClientCert", ["y"], [false, false, false]],
] as const)("%s %j", (clientAuth, allowedSans, welcome) => {
  const rules = { clientAuth, allowedSans };
  expect([nobody, stranger, friend].map((facts) => isWelcome(rules, facts))).toEqual(welcome);
});

test("a certificate that is not there at the start leaves the pages closed", async () => {
  const result = await openWebServer({
    plane: new FakePlane(statusOf([])),
    host: "127.0.0.1",
    port: 0,
    security: () => ({ ...unprotected, tls: tlsIn("/nowhere") }),
    report: () => undefined,
  });
  expect(result).toMatchObject({ kind: "failed", why: expect.stringContaining("/nowhere/a.pem") });
});
