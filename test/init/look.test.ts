import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, onTestFinished, test } from "vitest";
import { draftFrom, surroundings } from "../../src/init.ts";

async function folder(files: Readonly<Record<string, string>>): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "sails-init-"));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(path, name)), { recursive: true });
    await writeFile(join(path, name), text.replaceAll("HERE", path));
  }
  return path;
}

/** Without what runs on the machine of the tests. */
const around = { ...surroundings, processes: () => [] };

const odd = `
x-pool: &pool {work_pool: {name: vm-runs}}
deployments:
  - {name: a, entrypoint: "flow.py:f", <<: *pool, schedule: {}}
  - {name: b, entrypoint: "flow.py:f", work_pool: {name: "{{ $POOL }}"}}
  - {name: c, entrypoint: "flow.py:f", pull: [{x: {}}, {y: {}}]}
  - {entrypoint: "flow.py:f"}
`;

test("a project as people have it", async () => {
  const project = await folder({
    "flows/prefect.yaml": odd,
    "prefect.env": "PREFECT_HOME=HERE/data\nPREFECT_API_URL=http://10.0.0.1:1/api",
    "pyproject.toml": "",
    "uv.lock": "",
    "prefect-env/bin/prefect": "",
    ".git/prefect.yaml": "deployments: []",
  });
  await mkdir(join(project, "data"));
  const database = new DatabaseSync(join(project, "data/prefect.db"));
  database.exec("CREATE TABLE work_pool (name, type, concurrency_limit)");
  database.exec("INSERT INTO work_pool VALUES ('vm-runs', 'process', 3)");
  database.close();
  const { text, found } = await draftFrom({ project, environments: [] }, around);
  expect(text).toContain(`env_file: ${project}/prefect.env`);
  expect(text).toContain(`project: ${project}\n  path: ${project}/prefect-env`);
  expect(text).toContain("pools:\n  - name: vm-runs\n    concurrency_limit: 3\n");
  expect(text).toContain(`- prefect_yaml: ${project}/flows/prefect.yaml`);
  expect(found).toContain(`${project}/flows/prefect.yaml: 3 deployments`);
});

test("a database that is none, and an env file that is none", async () => {
  const project = await folder({
    "prefect.yaml": "deployments: [{name: a, work_pool: {name: p}}]",
    "prefect.env": "PREFECT_HOME=HERE\nPREFECT_API_URL=nonsense:1\nthis is nonsense",
    "prefect.db": "no database",
  });
  const port = "PREFECT_API_URL=http://127.0.0.1:1/api";
  await writeFile(join(project, "prefect.env"), `PREFECT_HOME=${project}\n${port}\nnonsense`);
  const { text, assumed } = await draftFrom({ project, environments: [] }, around);
  expect(text).toContain("pools:\n  - name: p\n");
  expect(assumed.join()).toMatch(/no server answers on port 1, and .*prefect.db cannot be read/);
});
