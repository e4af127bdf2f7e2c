/** Workers of other types than `process` come in Python packages of their own. Prefect does not say which one is missing. */
import type { Config, PoolConfig } from "../config/config.ts";
import type { Explain } from "../supervision/exit.ts";
import { explainWorkerExit } from "./exits.ts";

/** As Prefect's own list has it. */
const packages: ReadonlyMap<string, string> = new Map([
  ["docker", "prefect-docker"],
  ["kubernetes", "prefect-kubernetes"],
  ["ecs", "prefect-aws"],
  ["azure-container-instance", "prefect-azure"],
  ["cloud-run", "prefect-gcp"],
  ["cloud-run-v2", "prefect-gcp"],
  ["vertex-ai", "prefect-gcp"],
]);

/** The line is as long as a terminal is wide. */
const saysMissing =
  /Unable to start worker\.\s+Please ensure you have the necessary\s+dependencies/;

/** For the worker of a pool, from its exit and its last lines. */
export const explainWorker =
  ({ type, name }: Pick<PoolConfig, "type" | "name">, { environment }: Config): Explain =>
  (exit, lastLines) => {
    const cause = explainWorkerExit(exit, lastLines);
    if (exit.kind !== "exited" || !saysMissing.test(lastLines.join("\n"))) return cause;
    const needed = packages.get(type);
    const { summary } = cause;
    if (needed !== undefined) {
      const detail = `the Python package ${needed}, which brings workers of type ${type}, is not in the environment`;
      return { kind: "config", summary, detail, cure: howToAdd(needed, environment) };
    }
    const known = [...packages.keys()].join(", ");
    const detail = `nothing in the environment brings workers of type ${type}, and Prefect knows no package that does`;
    const cure = `Correct type: of pool ${name} (process, ${known}), or install the package that brings it`;
    return { kind: "config", summary, detail, cure };
  };

function howToAdd(needed: string, { project, path }: Config["environment"]): string {
  if (project !== undefined) {
    return `Add ${needed} to the project in ${project} and lock it (\`uv add ${needed}\`), then \`sails-supervisor env sync\``;
  }
  return path === undefined
    ? `Install ${needed} where the \`prefect\` on PATH comes from`
    : `Install it: \`uv pip install --python ${path}/bin/python ${needed}\``;
}
