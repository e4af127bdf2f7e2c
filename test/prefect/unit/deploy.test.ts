import { describe, expect, test } from "vitest";
import { type DeployJob, deployAll } from "../../../src/prefect/declared/deploy.ts";
import { Ledger } from "../../../src/prefect/declared/ledger.ts";
import {
  away,
  declared,
  deployment,
  failed,
  ledgerFiles,
  namesIn,
  ScriptedApi,
  scheduleOf,
  scriptedRun,
  signal,
} from "./given.ts";

interface Behaviour {
  readonly bad?: readonly string[];
  readonly unknown?: readonly string[];
  /** What a file declares of schedules, by name. */
  readonly schedules?: Readonly<Record<string, readonly string[]>>;
  /** Of the daemon: it dies when the command has done its work. */
  readonly dies?: boolean;
}

/** A `prefect deploy` that makes one after the other up to the first that it cannot make. */
function prefect({ bad = [], unknown = [], schedules = {}, dies = false }: Behaviour = {}) {
  const api = new ScriptedApi();
  const stored = new Map<string, string>();
  const files = ledgerFiles(stored);
  const { run, requests } = scriptedRun((command) => {
    for (const name of namesIn(command).filter((each) => !unknown.includes(each))) {
      if (bad.includes(name)) return failed(`Deploying ${name}\nValueError: ${name} is bad\n`);
      const rules = schedules[name] ?? [];
      api.deploy(
        name,
        {},
        rules.map((cron) => ({ active: true, schedule: { cron } })),
      );
    }
    if (dies) throw new Error("killed");
    return { output: "The following deployment(s) could not be found: x\n" };
  });
  const told: (readonly [string, string | undefined])[] = [];
  const ledger = new Ledger(files, "declared.json");
  return {
    api,
    requests,
    told,
    stored,
    files,
    ledger,
    commands: () => requests.map(({ command }) => namesIn(command)),
    deploy: async (jobs: readonly DeployJob[], of = ledger) => {
      await of.open();
      return deployAll(jobs, {
        run,
        program: "/opt/env/bin/prefect",
        env: { PREFECT_API_URL: "http://x/api" },
        signal,
        api,
        ledger: of,
        told: ({ entry }, failure) => told.push([entry.name, failure]),
      });
    },
  };
}

const fresh = (...names: readonly string[]): readonly DeployJob[] =>
  names.map((name) => ({ entry: declared(name), actual: undefined }));

describe("deploy", () => {
  test("makes all of a file at once", async () => {
    const server = prefect();
    expect((await server.deploy(fresh("a", "b", "c"))).kind).toBe("ok");
    expect(server.requests).toMatchObject([
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
    expect(server.told).toEqual([
      ["a", undefined],
      ["b", undefined],
      ["c", undefined],
    ]);
    expect(server.ledger.deployments["id-b"]).toMatchObject({ isOurs: true, selector: "b" });
  });

  test("has nothing to run if nothing is wanted", async () => {
    const server = prefect();
    await server.deploy([]);
    expect(server.requests).toEqual([]);
  });

  test("of two files makes each in its own folder", async () => {
    const server = prefect();
    const other = declared("z", { file: "/elsewhere/deployments.yaml" });
    await server.deploy([...fresh("a", "b"), { entry: other, actual: undefined }]);
    expect(server.commands()).toEqual([["a", "b"], ["z"]]);
    expect(server.requests[1]).toMatchObject({ directory: "/elsewhere" });
    expect(server.requests[1]?.command).toContain("deployments.yaml");
  });

  test("goes on behind the one that fails: one command more for each of these", async () => {
    const server = prefect({ bad: ["b", "d"] });
    await server.deploy(fresh("a", "b", "c", "d", "e", "f"));
    expect(server.commands()).toEqual([
      ["a", "b", "c", "d", "e", "f"],
      ["c", "d", "e", "f"],
      ["e", "f"],
    ]);
    const failures = server.told.filter(([, failure]) => failure !== undefined);
    expect(failures).toEqual([
      ["b", "exited with status 1: ValueError: b is bad"],
      ["d", "exited with status 1: ValueError: d is bad"],
    ]);
    expect(server.api.deployments_.map(({ name }) => name)).toEqual(["a", "c", "e", "f"]);
  });

  test("does not believe status 0: a name that is not found is skipped", async () => {
    const server = prefect({ unknown: ["b"] });
    await server.deploy(fresh("a", "b"));
    expect(server.told).toEqual([
      ["a", undefined],
      ["b", "exited with status 0: The following deployment(s) could not be found: x"],
    ]);
    expect(server.commands()).toEqual([["a", "b"]]);
  });

  test("of one that was there knows by its stamp whether it was done", async () => {
    const server = prefect({ bad: ["b"] });
    server.api.deployments_ = [deployment("a"), deployment("b")];
    const jobs = server.api.deployments_.map((actual) => ({
      entry: declared(actual.name),
      actual,
    }));
    await server.deploy(jobs);
    expect(server.told.map(([name, failure]) => [name, failure === undefined])).toEqual([
      ["a", true],
      ["b", false],
    ]);
    expect(server.ledger.deployments["id-a"]?.isOurs).toBe(false);
    expect(server.ledger.interrupted).toEqual({});
  });

  test("ends when the server goes away", async () => {
    const server = prefect();
    server.api.diesAfter = 0;
    const z = declared("z", { file: "/elsewhere/prefect.yaml" });
    expect(await server.deploy([...fresh("a"), { entry: z, actual: undefined }])).toEqual(away);
    expect(server.commands()).toEqual([["a"]]);
  });

  test("allows more time for more of them", async () => {
    const server = prefect();
    await server.deploy(fresh("a", "b", "c"));
    await server.deploy(fresh("d"));
    const [many, one] = server.requests.map(({ timeoutMs }) => timeoutMs);
    expect(one).toBeGreaterThanOrEqual(60_000);
    expect(many).toBeGreaterThan(one ?? 0);
  });
});

describe("what an operator had set", () => {
  const byHand = scheduleOf("by-hand", { schedule: { cron: "1 1 1 1 *" } });
  const ours = scheduleOf("ours", { slug: "sails-1", active: false });
  const ofFile = scheduleOf("of-file", { schedule: { cron: "@daily" }, active: false });
  const before = deployment("a", { paused: true, schedules: [byHand, ours, ofFile] });
  const rules = { a: ["@daily"] };
  const entry = declared("a", {
    schedules: [{ slug: undefined, active: true, rule: { cron: "@daily" } }],
  });
  const job = { entry, actual: before };

  const rulesOf = (api: ScriptedApi) =>
    api
      .schedulesOf("id-a")
      .map(({ schedule: rule, active, slug }) => [rule["cron"], active, slug] as const)
      .toSorted(([one], [other]) => (String(one) < String(other) ? -1 : 1));
  const asBefore = [
    ["0 3 * * *", false, "sails-1"],
    ["1 1 1 1 *", true, null],
    ["@daily", false, null],
  ];

  test("is as it was after a deploy that replaces schedules and sets it going", async () => {
    const server = prefect({ schedules: rules });
    server.api.deployments_ = [before];
    await server.deploy([job]);
    expect(rulesOf(server.api)).toEqual(asBefore);
    expect(server.api.deployments_[0]?.paused).toBe(true);
    expect(server.ledger.interrupted).toEqual({});
    expect(Object.values(server.ledger.deployments["id-a"]?.schedules ?? {})).toEqual([true]);
  });

  test("is as it was after a second one, from what the first has noted", async () => {
    const server = prefect({ schedules: rules });
    server.api.deployments_ = [before];
    await server.deploy([job]);
    await server.deploy([{ entry, actual: server.api.deployments_[0] }]);
    expect(rulesOf(server.api)).toEqual(asBefore);
    expect(server.api.deployments_[0]?.paused).toBe(true);
  });

  test("is put back by the next daemon, where this one dies in the middle", async () => {
    const server = prefect({ schedules: rules, dies: true });
    server.api.deployments_ = [before];
    await expect(server.deploy([job])).rejects.toThrow("killed");
    expect(server.api.deployments_[0]?.paused).toBe(false);
    const next = new Ledger(server.files, "declared.json");
    await next.open();
    const { restore } = await import("../../../src/prefect/declared/deploy.ts");
    await restore("id-a", { api: server.api, ledger: next, signal });
    expect(rulesOf(server.api)).toEqual(asBefore);
    expect(server.api.deployments_[0]?.paused).toBe(true);
  });

  test.each([2, 3, 4, 5])(
    "is not doubled by a server that fails one write in %i",
    async (oneIn) => {
      const server = prefect({ schedules: rules });
      server.api.deployments_ = [before];
      server.api.failsOneIn = oneIn;
      expect(await server.deploy([job])).toMatchObject({ kind: "ok" });
      expect(rulesOf(server.api)).toEqual(asBefore);
    },
  );

  test("a schedule that the file no longer declares goes, where it has made it", async () => {
    const server = prefect();
    server.api.deployments_ = [before];
    await server.deploy([job]);
    const now = server.api.deployments_[0];
    await server.deploy([{ entry: declared("a", { schedules: [] }), actual: now }]);
    expect(rulesOf(server.api)).toEqual(asBefore.slice(0, 2));
  });

  test("those with slugs go before schedules without one come, which Prefect refuses else", async () => {
    const server = prefect({ schedules: rules });
    server.api.deployments_ = [deployment("a", { schedules: [ours] })];
    await server.deploy([{ entry, actual: server.api.deployments_[0] }]);
    expect(server.api.calls.indexOf("delete schedule id-a")).toBeLessThan(
      server.api.calls.indexOf("deployments"),
    );
    expect(rulesOf(server.api)).toEqual([asBefore[0], ["@daily", true, null]]);
  });
});

describe("the words of a failure", () => {
  const said = async (output: string, isOk = false) => {
    const { run } = scriptedRun(() => ({ ...failed(output), isOk }));
    let why: string | undefined;
    const ledger = new Ledger(ledgerFiles(new Map()), "x");
    await deployAll(fresh("a"), {
      run,
      program: "prefect",
      env: {},
      signal,
      api: new ScriptedApi(),
      ledger,
      told: (_, failure) => {
        why = failure;
      },
    });
    return why;
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
