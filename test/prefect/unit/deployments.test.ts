import { describe, expect, test } from "vitest";
import type { Deployment } from "../../../src/prefect/api/client.ts";
import { deploy, planDeployments } from "../../../src/prefect/declared/deployments.ts";
import type { DeclaredDeployment } from "../../../src/prefect/declared/prefect-yaml.ts";
import { away, declared, deployment, failed, namesIn, scriptedRun, signal } from "./given.ts";

const runs = new Set(["runs"]);

describe("the plan", () => {
  const plan = (
    entry: Partial<DeclaredDeployment>,
    actual: readonly Deployment[] = [],
    pools: ReadonlySet<string> = runs,
  ) => {
    const { missing, withoutPool } = planDeployments([declared("a", entry)], actual, pools);
    return [missing.length, withoutPool.length];
  };

  test.each([
    ["not there", {}, [], [1, 0]],
    ["there", {}, [deployment("a")], [0, 0]],
    ["there by another name", {}, [deployment("b")], [1, 0]],
    ["there, of another flow", {}, [deployment("a", { entrypoint: "x.py:x" })], [1, 0]],
    ["there, without an entrypoint", {}, [deployment("a", { entrypoint: undefined })], [1, 0]],
    ["without an entrypoint, there", { entrypoint: undefined }, [deployment("a")], [0, 0]],
    ["without a pool", { poolName: undefined }, [], [1, 0]],
    ["of a pool that nobody has", { poolName: "nope" }, [], [0, 1]],
    ["there, of a pool that nobody has", { poolName: "nope" }, [deployment("a")], [0, 1]],
    ["of a pool that is a template", { poolName: "{{ $POOL }}" }, [], [1, 0]],
  ] as const)("a deployment %s", (_, entry, actual, expected) => {
    expect(plan(entry, actual)).toEqual(expected);
  });

  test("the set of pools counts, be they declared or on the server", () => {
    expect(plan({ poolName: "other" }, [], new Set(["runs", "other"]))).toEqual([1, 0]);
  });

  test.each([
    ["{{ $FLOWS }}/a.py:a", "flows/a.py:a", 0],
    ["{{ $FLOWS }}/a.py:a", "flows/b.py:b", 1],
    ["{{ $FLOWS }}/a.py:a", "flows/axpy:a", 1],
    ["flows/a.py:{{ f }}", "flows/a.py:whatever", 0],
    ["{{ a }}{{ b }}", "flows/a.py:a", 0],
  ])("an entrypoint %s is that of %s or not: %i missing", (entrypoint, actual, missing) => {
    expect(plan({ entrypoint }, [deployment("a", { entrypoint: actual })])).toEqual([missing, 0]);
  });

  test("a name that Prefect fills in is known by what is fixed in it", () => {
    const entry = { name: "a-{{ $STAGE }}", entrypoint: "f.py:f" };
    const made = (name: string) => [deployment(name, { entrypoint: "f.py:f" })];
    expect(plan(entry, made("a-prod"))).toEqual([0, 0]);
    expect(plan(entry, made("b-prod"))).toEqual([1, 0]);
  });

  test("signs that mean something in patterns are nothing but signs in names", () => {
    const names = ["a.b", "a+b", "(a)", "a|b", "[a", "^a$", "a\\b", "ä ö"];
    const made = names.map((name) => deployment(name));
    expect(
      planDeployments(
        names.map((name) => declared(name)),
        made,
        runs,
      ).missing,
    ).toEqual([]);
    expect(plan({ name: "a.b", entrypoint: undefined }, [deployment("axb")])).toEqual([1, 0]);
  });

  test("two flows may have deployments of the same name", () => {
    const entries = ["one", "two"].map((flow) =>
      declared("default", { entrypoint: `f.py:${flow}` }),
    );
    const made = [deployment("default", { entrypoint: "f.py:one" })];
    expect(planDeployments(entries, made, runs).missing).toEqual([entries[1]]);
  });
});

describe("deploy", () => {
  /** A `prefect deploy` that makes one after the other up to the first that it cannot make. */
  function prefectDeploy(
    bad: readonly string[] = [],
    { unknown = [] as readonly string[], diesAfter = Number.POSITIVE_INFINITY } = {},
  ) {
    const made = new Set<string>();
    const { run, requests } = scriptedRun((command) => {
      const names = namesIn(command).filter((name) => !unknown.includes(name));
      for (const name of names) {
        if (bad.includes(name)) return failed(`Deploying ${name}\nValueError: ${name} is bad\n`);
        made.add(name);
      }
      return { output: "The following deployment(s) could not be found: x\n" };
    });
    let asked = 0;
    return {
      requests,
      made,
      commands: () => requests.map(({ command }) => namesIn(command)),
      deploy: (entries: readonly DeclaredDeployment[]) =>
        deploy(entries, {
          run,
          program: "/opt/env/bin/prefect",
          env: { PREFECT_API_URL: "http://x/api" },
          signal,
          stillMissing: (some) => {
            asked += 1;
            if (asked > diesAfter) return Promise.resolve(away);
            const value = some.filter(({ selector }) => !made.has(selector));
            return Promise.resolve({ kind: "ok", value });
          },
        }),
    };
  }
  const entries = ["a", "b", "c"].map((name) => declared(name));

  test("makes all of a file at once", async () => {
    const prefect = prefectDeploy();
    expect(await prefect.deploy(entries)).toEqual({ kind: "ok", value: [] });
    expect(prefect.requests).toMatchObject([
      {
        command: [
          "/opt/env/bin/prefect",
          ...["--no-prompt", "deploy", "--prefect-file", "prefect.yaml"],
          ...["-n", "a", "-n", "b", "-n", "c"],
        ],
        directory: "/project",
        env: { PREFECT_API_URL: "http://x/api", PYTHONDONTWRITEBYTECODE: "1" },
      },
    ]);
  });

  test("has nothing to run if nothing is missing", async () => {
    const prefect = prefectDeploy();
    expect(await prefect.deploy([])).toEqual({ kind: "ok", value: [] });
    expect(prefect.requests).toEqual([]);
  });

  test("of two files makes each in its own folder", async () => {
    const prefect = prefectDeploy();
    const other = declared("z", { file: "/elsewhere/deployments.yaml" });
    await prefect.deploy([...entries, other]);
    expect(prefect.commands()).toEqual([["a", "b", "c"], ["z"]]);
    expect(prefect.requests[1]).toMatchObject({ directory: "/elsewhere" });
    expect(prefect.requests[1]?.command).toContain("deployments.yaml");
  });

  test("goes on by single names where it stopped, and reports the one that fails", async () => {
    const prefect = prefectDeploy(["b"]);
    const outcome = await prefect.deploy(entries);
    expect(outcome).toEqual({
      kind: "ok",
      value: [{ deployment: entries[1], why: "exited with status 1: ValueError: b is bad" }],
    });
    expect(prefect.commands()).toEqual([["a", "b", "c"], ["b"], ["c"]]);
    expect(prefect.made).toEqual(new Set(["a", "c"]));
  });

  test("does not try a single one twice", async () => {
    const prefect = prefectDeploy(["b"]);
    const outcome = await prefect.deploy([declared("b")]);
    expect(outcome).toMatchObject({
      value: [{ why: "exited with status 1: ValueError: b is bad" }],
    });
    expect(prefect.commands()).toEqual([["b"]]);
  });

  test("does not believe status 0: a name that is not found is skipped", async () => {
    const prefect = prefectDeploy([], { unknown: ["b"] });
    const outcome = await prefect.deploy(entries.slice(0, 2));
    expect(outcome).toEqual({
      kind: "ok",
      value: [
        {
          deployment: entries[1],
          why: "exited with status 0: The following deployment(s) could not be found: x",
        },
      ],
    });
  });

  test("does not believe a failure either, if the deployment is there", async () => {
    const { run } = scriptedRun(() => failed("it broke after all was done"));
    const stillMissing = () => Promise.resolve({ kind: "ok", value: [] } as const);
    const deps = { run, program: "prefect", env: {}, signal, stillMissing };
    expect(await deploy([declared("a")], deps)).toEqual({ kind: "ok", value: [] });
    expect(await deploy(entries, deps)).toEqual({ kind: "ok", value: [] });
  });

  test.each([
    ["after the first command", 0, [["a", "b", "c"]]],
    ["after the second", 1, [["a", "b", "c"], ["a"]]],
  ])("ends when the server goes away %s", async (_, diesAfter, commands) => {
    const prefect = prefectDeploy(["a"], { diesAfter });
    const file = "/elsewhere/prefect.yaml";
    expect(await prefect.deploy([...entries, declared("z", { file })])).toEqual(away);
    expect(prefect.commands()).toEqual(commands);
  });

  test("allows more time for more of them", async () => {
    const prefect = prefectDeploy();
    await prefect.deploy(entries);
    await prefect.deploy([declared("d")]);
    const [many, one] = prefect.requests.map(({ timeoutMs }) => timeoutMs);
    expect(one).toBeGreaterThanOrEqual(60_000);
    expect(many).toBeGreaterThan(one ?? 0);
  });
});

describe("the words of a failure", () => {
  const said = async (output: string, isOk = false) => {
    const { run } = scriptedRun(() => ({ ...failed(output), isOk }));
    const entry = declared("a");
    const stillMissing = () => Promise.resolve({ kind: "ok", value: [entry] } as const);
    const outcome = await deploy([entry], {
      run,
      program: "prefect",
      env: {},
      signal,
      stillMissing,
    });
    return outcome.kind === "ok" ? outcome.value[0]?.why : undefined;
  };

  test("of a pool that does not exist", async () => {
    expect(
      await said(`Deploying flows with selected deployment configurations...
╭──────────────────────────────────────────────────────────────────────────────╮
│ Deploying a                                                                  │
╰──────────────────────────────────────────────────────────────────────────────╯
This deployment configuration references work pool 'nope' which does not exist. This means no worker will be able to pick up its runs. You can create a work pool in the Prefect UI.
`),
    ).toBe(
      "exited with status 1: This deployment configuration references work pool 'nope' which does not exist. This means no worker will be able to pick up its runs. You can create a work pool in the Prefect UI.",
    );
  });

  test("of an entry that Prefect does not accept: what is wrong, not what follows from it", async () => {
    expect(
      await said(`Invalid fields in deployments:

  • a: schedules, tags

For valid deployment fields and examples, go to: https://docs.prefect.io/v3/concepts/deployments#deployment-schema

Skipping deployment configuration due to validation errors.
An entrypoint must be provided:

        prefect deploy path/to/file.py:flow_function

You can also provide an entrypoint in a prefect.yaml file.
`),
    ).toBe(
      "exited with status 1: Invalid fields in deployments: • a: schedules, tags An entrypoint must be provided:",
    );
  });

  test("of a traceback: the exception, not the calls", async () => {
    expect(
      await said(`Traceback (most recent call last):
  File "/opt/env/lib/python3.11/site-packages/prefect/cli/deploy/_core.py", line 116, in _run_single_deploy
    flow = load_flow_from_entrypoint(deploy_config["entrypoint"])
           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
prefect.exceptions.MissingFlowError: Flow function with name 'zzz' not found in 'flows.py'.
An exception occurred.
`),
    ).toBe(
      "exited with status 1: prefect.exceptions.MissingFlowError: Flow function with name 'zzz' not found in 'flows.py'.",
    );
  });

  test("of a name that was skipped while another was made", async () => {
    expect(
      await said(
        `The following deployment(s) could not be found and will not be deployed: a
╭──────────────────────────────────────────────────────────────────────────────╮
│ Deployment 'good/good' successfully created with id 'b3f52327-e1f8-4a8c-a193 │
╰──────────────────────────────────────────────────────────────────────────────╯

View Deployment in UI: http://127.0.0.1:4200/deployments/deployment/b3f52327


To execute flow runs from these deployments, start a worker in a separate terminal that pulls work from the 'p' work pool:

        $ prefect worker start --pool 'p'

To schedule a run for this deployment, use the following command:

        $ prefect deployment run 'good/good'
`,
        true,
      ),
    ).toBe(
      "exited with status 0: The following deployment(s) could not be found and will not be deployed: a",
    );
  });

  test("of one that said nothing, and of one that said too much", async () => {
    expect(await said("\n  \n")).toBe("exited with status 1: it said nothing");
    expect((await said(`ValueError: ${"x".repeat(5_000)}`))?.length).toBeLessThan(330);
  });
});
