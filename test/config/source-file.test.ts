import { execFileSync } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { describeFault } from "../../src/config/fault.ts";
import { loadConfig } from "../../src/config/load.ts";
import { answered } from "../../src/config/text-file.ts";
import { configOf, type Folder, faultsOf, load, makeFolder, optionsIn } from "./load-from.ts";

const syntax: readonly (readonly [string, string, readonly string[]])[] = [
  [
    "a list at the top",
    "- a\n",
    [": holds a list at its top; write keys there, such as server: and pools:"],
  ],
  [
    "text at the top",
    "hello\n",
    [": holds a single value at its top; write keys there, such as server: and pools:"],
  ],
  [
    "an open bracket",
    "pools: [\nserver: {}\n",
    [
      ":2:1: is not valid YAML: flow sequence in block collection must be sufficiently indented and end with a ]",
    ],
  ],
  [
    "a tab",
    "server:\n\tport: 1\n",
    [":2:1: is not valid YAML: tabs are not allowed as indentation"],
  ],
  [
    "a key twice",
    "server: {}\npools: []\nserver: {}\n",
    [":3:1: server: stands here a second time; keep one of them"],
  ],
  [
    "a nested key twice",
    "server:\n  port: 1\n  port: 2\n",
    [":3:3: port: stands here a second time; keep one of them"],
  ],
  [
    "two documents",
    "server: {}\n---\npools: []\n",
    [":2:1: begins a second document; keep one of them"],
  ],
  [
    "an unknown anchor",
    "server: *nobody\n",
    [": is not valid YAML: unresolved alias (the anchor must be set before the alias)"],
  ],
  ["a tag", "server: !x {}\n", [":1:9: is not valid YAML: unresolved tag"]],
  [
    "a secret beside an error",
    'a: >-hunter2\nb: "x" hunter2\n',
    [":1:6: is not valid YAML: block scalar header includes extra characters"],
  ],
];

test.each(syntax)("%s", async (_, yaml, faults) => {
  expect(await faultsOf({ yaml })).toEqual(faults.map((fault) => `DIR/config.yaml${fault}`));
});

test.each(["", "# only a comment\n", "---\n", "server:\npools:\nweb:\n"])(
  "%j is the default",
  async (yaml) => {
    const [empty, none] = await Promise.all([configOf({ yaml }), configOf({})]);
    expect({ ...empty, file: undefined }).toEqual(none);
  },
);

test("anchors and merge keys work, and keep their places", async () => {
  const yaml = `
services:
  - &first {name: a, command: [x], stop_timeout: 5s}
  - {<<: *first, name: b}
  - {<<: *first, name: c, stop_timeout: nope}
`;
  expect(await faultsOf({ yaml })).toEqual([
    expect.stringMatching(/^DIR\/config.yaml:5:27: services\[2\]/),
  ]);
  const loaded = await load({ yaml: yaml.replace("nope", "6s") });
  expect(loaded).toMatchObject({
    config: {
      services: [{ stopTimeout: 5000 }, { name: "b", stopTimeout: 5000 }, { stopTimeout: 6000 }],
    },
    origins: expect.any(Map),
  });
  const origins = loaded.kind === "loaded" ? loaded.origins : undefined;
  expect(origins?.get("services[1].stop_timeout")).toMatchObject({ kind: "file", line: 3 });
});

test("an alias inside its own anchor and an explosion of aliases end", async () => {
  expect(await faultsOf({ yaml: "pools: &a [*a]\n" })).not.toEqual([]);
  expect(await faultsOf({ yaml: "server: &a {<<: *a}\n" })).toBeDefined();
  const levels = Array.from(
    { length: 9 },
    (_, n) => `l${n + 1}: &l${n + 1} [${`*l${n},`.repeat(9)}]`,
  );
  expect(await faultsOf({ yaml: `l0: &l0 [x]\n${levels.join("\n")}\n` })).toEqual([
    "DIR/config.yaml: is not valid YAML: excessive alias count indicates a resource exhaustion attack",
  ]);
});

const unusable: readonly (readonly [string, (folder: Folder) => unknown, string])[] = [
  [
    "absent",
    () => undefined,
    "DIR/config.yaml: does not exist; correct the path, or let init write the file",
  ],
  [
    "a folder",
    (folder) => mkdir(join(folder.path, "config.yaml")),
    "DIR/config.yaml: is a folder, not a file",
  ],
  [
    "a pipe",
    (folder) => execFileSync("mkfifo", [join(folder.path, "config.yaml")]),
    "DIR/config.yaml: is not a regular file",
  ],
  [
    "not UTF-8",
    (folder) => folder.write("config.yaml", Uint8Array.of(0x61, 0xff)),
    "DIR/config.yaml: is not UTF-8 text; save it as UTF-8",
  ],
  [
    "100 MB",
    (folder) => folder.write("config.yaml", Buffer.alloc(100_000_000, "# ")),
    "DIR/config.yaml: is too large (96 MiB; at most 1 MiB is read)",
  ],
];

test.each(unusable)("a file that is %s", async (_, prepare, expected) => {
  await using folder = await makeFolder();
  await prepare(folder);
  const loaded = await loadConfig(optionsIn(folder, { yaml: "" }));
  const faults = loaded.kind === "faulty" ? loaded.faults : [];
  expect(faults.map((fault) => describeFault(fault).replaceAll(folder.path, "DIR"))).toEqual([
    expected,
  ]);
});

test("a file system that refuses or is silent is said to be so", async () => {
  const refusal = Object.assign(new Error("no"), { code: "EACCES" });
  expect(await answered(Promise.reject(refusal))).toMatchObject({
    message: "cannot be read: permission denied",
  });
  expect(
    await answered(Promise.reject(Object.assign(new Error("no"), { code: "EIO" }))),
  ).toMatchObject({
    message: "cannot be read: EIO",
  });
  const { promise } = Promise.withResolvers<never>();
  expect(await answered(promise, 10)).toMatchObject({ message: "gives no answer within 0.01 s" });
});

test("a byte order mark and CRLF are nothing special", async () => {
  const config = await configOf({ yaml: "\uFEFFserver:\r\n  port: 4300\r\n" });
  expect(config.server.port).toBe(4300);
});

const authFiles: readonly (readonly [string, number, string | undefined])[] = [
  ["admin:hunter2\n", 0o600, undefined],
  ["admin:hunter2", 0o400, undefined],
  [
    "admin:hunter2\n",
    0o644,
    "DIR/auth is open to others than its owner (mode 0644); run: chmod 600 DIR/auth",
  ],
  [
    "admin:hunter2",
    0o640,
    "DIR/auth is open to others than its owner (mode 0640); run: chmod 600 DIR/auth",
  ],
  ["hunter2\n", 0o600, "DIR/auth holds something else, expected USER:PASSWORD on one line"],
  ["", 0o600, "DIR/auth holds something else, expected USER:PASSWORD on one line"],
  [
    "admin:hunter2\nadmin:hunter2\n",
    0o600,
    "DIR/auth holds something else, expected USER:PASSWORD on one line",
  ],
];

test.each(authFiles)("auth_file %j of mode %o", async (content, mode, fault) => {
  await using folder = await makeFolder();
  await folder.write("auth", content, mode);
  await folder.write("config.yaml", "server: {auth_file: auth}");
  const loaded = await loadConfig(optionsIn(folder, { yaml: "" }));
  const faults = loaded.kind === "faulty" ? loaded.faults : [];
  expect(faults.map((one) => describeFault(one).replaceAll(folder.path, "DIR"))).toEqual(
    fault === undefined ? [] : [`DIR/config.yaml:1:10: server.auth_file: ${fault}`],
  );
});

test("words in place of an auth_file are not repeated", async () => {
  expect(await faultsOf({ yaml: "server: {auth_file: 'admin:hunter2'}" })).toEqual([
    "DIR/config.yaml:1:10: server.auth_file: names no file; it is a file that holds USER:PASSWORD, not the words themselves",
  ]);
});
