/**
 * Writes the types of what is asked of Prefect's REST API, from the document that Prefect itself
 * publishes: `npm run openapi`, with the Python environment of the tests. A test compares.
 */
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { compile, type JSONSchema } from "json-schema-to-typescript";
import * as z from "zod";

export const typesFile = "src/prefect/api/openapi.ts";

/** Of its four hundred schemas, those that are sent or understood. */
const wanted = [
  ...["WorkPoolCreate", "WorkPoolUpdate", "WorkPoolResponse", "WorkerResponse"],
  ...["WorkQueueCreate", "WorkQueueUpdate", "WorkQueueResponse"],
  ...["DeploymentResponse", "DeploymentScheduleCreate", "DeploymentScheduleUpdate", "Flow"],
  ...["DeploymentSchedule", "DeploymentUpdate"],
  ...["GlobalConcurrencyLimitResponse", "ConcurrencyLimitV2Create", "ConcurrencyLimitV2Update"],
  ...["FlowRunResponse", "FlowRunFilter", "Log", "State"],
  ...["OrchestrationResult"],
];

const documentShape = z.object({
  info: z.object({ version: z.string() }),
  components: z.object({ schemas: z.record(z.string(), z.record(z.string(), z.unknown())) }),
});
type Schemas = z.infer<typeof documentShape>["components"]["schemas"];

const question =
  "import json; from prefect.server.api.server import create_app; print(json.dumps(create_app().openapi()))";

/** @param environment the folder of a Python environment with Prefect */
export async function generateTypes(environment: string): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), "sails-openapi-"));
  try {
    const { stdout } = await promisify(execFile)(
      join(environment, "bin/python"),
      ["-W", "ignore", "-c", question],
      { env: { ...process.env, PREFECT_HOME: home }, maxBuffer: 64 * 1024 * 1024 },
    );
    return await typesOf(documentShape.parse(JSON.parse(stdout)));
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

async function typesOf({ info, components }: z.infer<typeof documentShape>): Promise<string> {
  const definitions = Object.fromEntries(
    [...reachable(components.schemas, wanted)]
      .toSorted()
      .map((name) => [name, pointed(components.schemas[name])]),
  );
  const types = await compile({ title: "Prefect", type: "object", definitions }, "Prefect", {
    additionalProperties: false,
    unreachableDefinitions: true,
    bannerComment: `/** Made by \`npm run openapi\` from the document of Prefect ${info.version}. */`,
  });
  return types.replaceAll(/\/\*\*\n \* This interface was referenced [^]*?\*\/\n/g, "");
}

function reachable(schemas: Schemas, names: readonly string[]): ReadonlySet<string> {
  const found = new Set<string>();
  const left = [...names];
  for (let name = left.pop(); name !== undefined; name = left.pop()) {
    if (found.has(name)) continue;
    if (schemas[name] === undefined) throw new Error(`Prefect has no schema ${name} any more`);
    found.add(name);
    const text = JSON.stringify(schemas[name]);
    left.push(...[...text.matchAll(/"#\/components\/schemas\/([^"]+)"/g)].map(([, to = ""]) => to));
  }
  return found;
}

/** Without the words of documentation, which change with every version, and the titles, which would become types. */
function pointed(schema: unknown): JSONSchema {
  const text = JSON.stringify(schema, (key, value: unknown) => {
    const isWord = typeof value === "string";
    return isWord && ["title", "description"].includes(key) ? undefined : value;
  });
  return JSON.parse(text.replaceAll("#/components/schemas/", "#/definitions/"));
}

if (import.meta.main) {
  const folder = process.env["SAILS_TEST_ENVIRONMENTS"] ?? ".tools/test-environments";
  await writeFile(typesFile, await generateTypes(join(folder, "survey")));
}
