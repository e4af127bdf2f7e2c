import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { checkIntegrity } from "../../scripts/package/node-package.ts";
import { programToRead } from "../../scripts/package/program.ts";
import { allowedLicenses, allShipped, readLock } from "../../scripts/package/shipped.ts";
import { listKeys } from "../../src/config/reference.ts";
import { buildPackages, run, whyNoPackages } from "../support/packages.ts";

const why = whyNoPackages();

describe("the packages", () => {
  let folder = "";
  let root = "";
  let built: readonly string[] = [];

  beforeAll(async () => {
    if (why !== undefined) return;
    folder = await mkdtemp(join(tmpdir(), "sails-packages-"));
    built = await buildPackages({ output: join(folder, "built") });
    root = join(folder, "root");
    await run("dpkg-deb", ["-x", built.find((file) => file.endsWith(".deb")) ?? "", root]);
  });
  beforeEach((ctx) => {
    if (why !== undefined) ctx.skip(why);
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test("are the same bytes whenever and wherever the same commit is made into them", async () => {
    const sums = (files: readonly string[]) =>
      Promise.all(
        files.map(async (file) =>
          createHash("sha256")
            .update(await readFile(file))
            .digest("hex"),
        ),
      );
    const again = await buildPackages({ output: join(folder, "again"), isElsewhere: true });
    expect(again).toHaveLength(2);
    expect(await sums(again)).toEqual(await sums(built));
  });

  const page = async (name: string): Promise<string> => {
    const file = join(root, "usr/share/man", `man${name.at(-1)}`, `${name}.gz`);
    return gunzipSync(await readFile(file))
      .toString()
      .replaceAll("\\-", "-");
  };

  test("have everything where it belongs, and nothing that not everybody may read", async () => {
    const deb = built.find((file) => file.endsWith(".deb")) ?? "";
    const { stdout } = await run("dpkg-deb", ["-c", deb]);
    const lines = stdout.trim().split("\n");
    const usual = /^(drwxr-xr-x|-rw-r--r--|-rwxr-xr-x|lrwxrwxrwx) root\/root /;
    expect(lines.filter((line) => !usual.test(line))).toEqual([]);
    const programs = lines.filter((line) => line.startsWith("-rwx"));
    expect(programs.every((line) => / \.\/usr\/lib\/sails-supervisor\//.test(line))).toBe(true);
    for (const path of [
      "/etc/sails-supervisor/config.yaml",
      "/usr/lib/sails-supervisor/libexec/flow-run",
      "/usr/lib/systemd/catalog/sails-supervisor.catalog",
      "/usr/lib/systemd/system/sails-supervisor.service",
      "/usr/lib/sysusers.d/sails-supervisor.conf",
      "/usr/share/bash-completion/completions/sails-supervisor",
      "/usr/share/doc/sails-supervisor/docs/install.md",
      "/usr/share/fish/vendor_completions.d/sails-supervisor.fish",
      "/usr/share/sails-supervisor/monitoring/grafana/sails-supervisor.json",
      "/usr/share/sails-supervisor/monitoring/rules/sails-supervisor.yml",
      "/usr/share/zsh/vendor-completions/_sails-supervisor",
    ]) {
      expect(lines.filter((line) => line.endsWith(` .${path}`))).toHaveLength(1);
    }
    const fields = ["-f", deb, "Architecture", "Depends"];
    expect((await run("dpkg-deb", fields)).stdout).toBe(
      "Architecture: amd64\nDepends: libc6 (>= 2.28), libgcc-s1, libstdc++6 (>= 8)\n",
    );
  });

  test("declare nothing by their own configuration, and it has no fault", async () => {
    const check = ["config", "check", "--config", join(root, "etc/sails-supervisor/config.yaml")];
    const program = join(root, "usr/bin/sails-supervisor");
    expect((await run(program, check)).stdout).toContain("config.yaml");
    const { stdout } = await run(program, ["config", "show", ...check.slice(2)]);
    expect(stdout).toMatch(/server\.enabled\W+false/);
  });

  test("runs, without anything of the checkout", async () => {
    const { stdout } = await run(join(root, "usr/bin/sails-supervisor"), ["--version"]);
    expect(stdout).toBe("0.1.0\n");
  });

  test("explains every command and every option in its manual page", async () => {
    const text = await page("sails-supervisor.8");
    const all = (command: ReturnType<typeof programToRead>): readonly string[] => {
      const help = command.createHelp();
      const below = help.visibleCommands(command).filter((one) => one.name() !== "help");
      const words = help
        .visibleOptions(command)
        .map((option) => `\n.B ${help.optionTerm(option)}\n`);
      return [
        ...words,
        ...below.flatMap((one) => [`${one.name()}\n`, one.description(), ...all(one)]),
      ];
    };
    const missing = all(programToRead()).filter((words) => !text.includes(words));
    expect(missing).toEqual([]);
    expect(text).toContain("$ sails-supervisor logs worker@vm-runs");
  });

  test("explains every key of the configuration", async () => {
    const text = await page("sails-supervisor.yaml.5");
    expect(listKeys().filter(({ key }) => !text.includes(`\n.B ${key}\n`))).toEqual([]);
  });

  test("lists all that is shipped, with licences that may be", async () => {
    const documents = join(root, "usr/share/doc/sails-supervisor");
    const shipped = allShipped(await readLock(resolve(".")), "amd64");
    expect(shipped.length).toBeGreaterThan(20);
    expect(shipped.filter(({ license }) => !allowedLicenses.includes(license))).toEqual([]);
    const copyright = await readFile(join(documents, "copyright"), "utf8");
    const sbom = JSON.parse(await readFile(join(documents, "sbom.cdx.json"), "utf8")) as {
      components: { name: string; version: string; hashes: { content: string }[] }[];
    };
    for (const { name, version, license } of shipped) {
      expect(copyright).toContain(`Comment: ${name} ${version}\nLicense: ${license}\n`);
    }
    expect(sbom.components.map(({ name, version }) => `${name} ${version}`)).toEqual(
      shipped.map(({ name, version }) => `${name} ${version}`),
    );
    for (const { hashes } of sbom.components) expect(hashes[0]?.content).toMatch(/^[0-9a-f]{128}$/);
  });
});

describe("the dependencies", () => {
  test("have no scripts that run at an install, but one for development that is not needed", async () => {
    const lock = await readLock(resolve("."));
    const withScripts = [...lock].filter(([, entry]) => entry.hasInstallScript === true);
    expect(withScripts.map(([folder]) => folder)).toEqual(["node_modules/esbuild"]);
    expect(lock.get("node_modules/esbuild")?.dev).toBe(true);
    expect(await readFile("scripts/lib/node.sh", "utf8")).toContain(
      "npm_options=(--ignore-scripts ",
    );
  });

  test("are named with exact versions, and locked with what they must be", async () => {
    const manifest = JSON.parse(await readFile("package.json", "utf8")) as Record<string, unknown>;
    const named = ["dependencies", "optionalDependencies", "devDependencies"].flatMap((kind) =>
      Object.entries(manifest[kind] as Record<string, string>),
    );
    expect(named.filter(([, version]) => !/^(npm:@?[^@]+@)?\d+\.\d+\.\d+$/.test(version))).toEqual(
      [],
    );
    const lock = await readLock(resolve("."));
    const loose = [...lock].filter(([, { integrity, optional }]) => !integrity && !optional);
    expect(loose).toEqual([]);
  });

  test("fetched for another processor are held to the lock", () => {
    const archive = Buffer.from("a Node");
    const sum = createHash("sha512").update(archive).digest("base64");
    expect(() => checkIntegrity(archive, `sha512-${sum}`, "node")).not.toThrow();
    expect(() => checkIntegrity(Buffer.from("another"), `sha512-${sum}`, "node")).toThrow(
      "node is not what package-lock.json names",
    );
  });
});
