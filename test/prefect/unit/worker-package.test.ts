import { describe, expect, test } from "vitest";
import { explainWorker } from "../../../src/prefect/worker-package.ts";
import { configOf } from "./given.ts";

/** As Prefect 3.6.4 and 3.8.8 say it where nobody watches. */
const said = [
  "Unable to start worker. Please ensure you have the necessary dependencies ",
  "installed to run your desired worker type.",
];
const exit = { kind: "exited", code: 1 } as const;
const explain = (type: string, environment: object = {}) =>
  explainWorker({ type, name: "far" }, configOf({ environment }))(exit, said);

describe("a worker whose package is not installed", () => {
  test.each([
    ["docker", "prefect-docker"],
    ["kubernetes", "prefect-kubernetes"],
    ["ecs", "prefect-aws"],
    ["cloud-run-v2", "prefect-gcp"],
  ])("of type %s: is told to need %s, and how it gets into the environment", (type, needed) => {
    expect(explain(type)).toEqual({
      kind: "config",
      summary: "exited with status 1",
      detail: `the Python package ${needed}, which brings workers of type ${type}, is not in the environment`,
      cure: `Install it: \`uv pip install --python /opt/env/bin/python ${needed}\``,
    });
    expect(explain(type, { project: "/alma" }).cure).toBe(
      `Add ${needed} to the project in /alma and lock it (\`uv add ${needed}\`), then \`sails-supervisor env sync\``,
    );
    expect(explain(type, { path: undefined }).cure).toBe(
      `Install ${needed} where the \`prefect\` on PATH comes from`,
    );
  });

  test("of a type that nobody knows: is told of the types that there are", () => {
    const { detail, cure } = explain("dokcer");
    expect(detail).toMatch(/nothing in the environment brings workers of type dokcer/);
    expect(cure).toMatch(/^Correct type: of pool far \(process, docker, kubernetes, /);
  });

  test("is not believed of one that went on, or was killed", () => {
    const later = explainWorker({ type: "docker", name: "far" }, configOf());
    const killed = later({ kind: "signaled", signal: "SIGKILL" }, said);
    expect(killed.detail).not.toMatch(/package/);
    expect(later(exit, ["something else"]).detail).toBe("something else");
  });
});
