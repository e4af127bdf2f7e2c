import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { loadConfig } from "../../src/config/load.ts";

test("a project and a prefect.yaml that do not answer are no faults: they may be there", async () => {
  const cwd = await mkdtemp(join(tmpdir(), "sails-config-"));
  const file = join(cwd, "config.yaml");
  await writeFile(file, "environment: {project: far}\ndeployments: [{prefect_yaml: far/p.yaml}]\n");
  const asked: string[] = [];
  const options = { file, cwd, env: {}, home: cwd, uid: 1000 };
  const look = async (path: string) => {
    asked.push(path);
    return { kind: "silent" } as const;
  };
  expect((await loadConfig({ ...options, look })).kind).toBe("loaded");
  expect(asked).toEqual([join(cwd, "far"), join(cwd, "far/p.yaml")]);
  expect((await loadConfig(options)).kind).toBe("faulty");
  await rm(cwd, { recursive: true });
});

test("an environment that is built for a project lies in the state folder, unless it is said where", async () => {
  const cwd = await mkdtemp(join(tmpdir(), "sails-config-"));
  const file = join(cwd, "config.yaml");
  const pathOf = async (environment: string) => {
    await writeFile(file, `state_dir: /state\nenvironment: ${environment}\n`);
    const loaded = await loadConfig({ file, cwd, env: {}, home: cwd, uid: 1000 });
    return loaded.kind === "loaded" ? loaded.config.environment.path : "faulty";
  };
  expect(await pathOf("{project: .}")).toBe("/state/prefect-env");
  expect(await pathOf("{project: ., path: /env}")).toBe("/env");
  expect(await pathOf("{}")).toBeUndefined();
  await rm(cwd, { recursive: true });
});
