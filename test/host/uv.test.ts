/** The real uv behind its port, and how it is got where there is none. */
import { execFile, execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { findUv, ownVersion, uvEnvironment } from "../../src/host/uv.ts";
import { uvProgram } from "../support/stub-project.ts";

const run = promisify(execFile);
const signal = new AbortController().signal;
const fetcher = resolve("libexec/fetch-uv");
let folder = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sails-uv-"));
});

afterAll(() => rm(folder, { recursive: true }));

test("finds a Python that fits, none that does not, and knows which there are", async (ctx) => {
  const PATH = `${dirname(uvProgram(ctx))}:${process.env["PATH"] ?? ""}`;
  const env = uvEnvironment({}, { PATH, HOME: folder }, "");
  const found = await findUv({ env, folder, fetcher, progress: () => undefined }, signal);
  if (found.kind === "failed") throw new Error(found.output);
  const { uv } = found;
  expect(uv.version).toMatch(/^\d+\.\d+/);
  const python = await uv.findPython(">=3.8", folder, signal);
  expect(python?.version).toMatch(/^3\.\d+\.\d+/);
  expect(python?.path).toMatch(/^\//);
  expect(await uv.findPython("3.99", folder, signal)).toBeUndefined();
  const installed = await uv.installedPythons(folder, signal);
  expect(installed.map(({ version }) => version)).toContain(python?.version);
  const refused = await uv.run(["pip", "install", "--no-such-option"], folder, signal);
  expect(refused).toMatchObject({ isOk: false, how: "exited with status 2" });
  expect(refused.output).toContain("--no-such-option");
});

/** An index with one wheel, in which a script stands for uv. */
async function serveIndex(spoil: boolean): Promise<AsyncDisposable & { readonly url: string }> {
  const about = `uv-${ownVersion}.data/scripts`;
  const content = await mkdtemp(join(folder, "wheel-"));
  await mkdir(join(content, about), { recursive: true });
  await writeFile(join(content, about, "uv"), `#!/bin/sh\necho "uv ${ownVersion} (a test)"\n`);
  const machine = execFileSync("uname", ["-m"], { encoding: "utf8" }).trim();
  const name = `uv-${ownVersion}-py3-none-manylinux_2_17_${machine}.manylinux2014_${machine}.musllinux_1_1_${machine}.whl`;
  const top = `uv-${ownVersion}.data`;
  await run("python3", ["-m", "zipfile", "-c", join(content, "w.whl"), top], { cwd: content });
  const wheel = await readFile(join(content, "w.whl"));
  const hash = createHash("sha256")
    .update(spoil ? "other" : wheel)
    .digest("hex");
  const server = createServer((request, response) => {
    if (request.url === "/simple/uv/") {
      response.setHeader("Content-Type", "text/html");
      response.end(`<a href="../../files/${name}#sha256=${hash}">${name}</a>`);
    } else response.end(wheel);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/simple`,
    [Symbol.asyncDispose]: async () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** With Python on PATH, and no uv. */
async function without(name: string, index: string) {
  const bin = join(folder, name, "bin");
  await mkdir(bin, { recursive: true });
  const args = ["-c", "import sys; print(sys.executable)"];
  const python = execFileSync("python3", args, { encoding: "utf8" }).trim();
  await symlink(python, join(bin, "python3"));
  const env = uvEnvironment({ PIP_INDEX_URL: index }, { PATH: bin, HOME: join(folder, name) }, "");
  return { env, folder: join(folder, name, "tools"), fetcher, progress: () => undefined };
}

test("where there is none, it comes from the index, checked", async () => {
  await using index = await serveIndex(false);
  const said: string[] = [];
  const place = await without("good", index.url);
  const found = await findUv({ ...place, progress: (doing) => void said.push(doing) }, signal);
  expect(found).toMatchObject({ kind: "found", uv: { version: ownVersion } });
  expect(said).toEqual([`gets uv ${ownVersion}, for there is none on this machine`]);
  await findUv({ ...place, progress: (doing) => void said.push(doing) }, signal);
  expect(said).toHaveLength(1);
});

test("one that is not what the index says is not taken", async () => {
  await using index = await serveIndex(true);
  const found = await findUv(await without("spoilt", index.url), signal);
  expect(found).toMatchObject({ kind: "failed" });
  expect(found.kind === "failed" ? found.output : "").toContain("its SHA-256 differs");
});

test("without network it is said in one line", async () => {
  const found = await findUv(await without("alone", "http://127.0.0.1:1/simple"), signal);
  expect(found.kind === "failed" ? found.output : "").toMatch(/^error: URLError: .*refused/);
});

test("the version is the one that the scripts of the checkout name", async () => {
  expect(await readFile("scripts/lib/versions.sh", "utf8")).toContain(`uv_version=${ownVersion}\n`);
});

test("uv gets what a site sets, and nothing that would build something else", () => {
  const own = {
    UV_INDEX_STRATEGY: "first-index",
    UV_INDEX_OURS_PASSWORD: "secret",
    UV_PROJECT_ENVIRONMENT: "/elsewhere",
    UV_PYTHON: "3.8",
    PIP_INDEX_URL: "https://mirror.example.org/simple",
    SECRET: "no",
  };
  const env = uvEnvironment(own, { PATH: "/bin" }, "/state/cache");
  expect(env).toMatchObject({
    UV_INDEX_STRATEGY: "first-index",
    UV_INDEX_OURS_PASSWORD: "secret",
    UV_DEFAULT_INDEX: "https://mirror.example.org/simple",
    UV_PYTHON_DOWNLOADS: "never",
    UV_CACHE_DIR: "/state/cache",
  });
  expect(Object.keys(env)).not.toContain("UV_PROJECT_ENVIRONMENT");
  expect(Object.keys(env)).not.toContain("UV_PYTHON");
  expect(Object.keys(env)).not.toContain("SECRET");
  expect(uvEnvironment({}, { HOME: "/home/x" }, "/c")["UV_CACHE_DIR"]).toBeUndefined();
});
