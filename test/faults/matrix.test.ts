/** Everything that can die, dies in every situation: docs/faults.md, cell by cell. */
import { readFile } from "node:fs/promises";
import { afterAll, describe, expect, type TestContext, test } from "vitest";
import { table } from "../../bench/table.ts";
import { Arena } from "../../chaos/matrix/arena.ts";
import {
  type Cell,
  cellsOf,
  expected,
  type Fault,
  faults,
  keyOf,
  type Target,
} from "../../chaos/matrix/cells.ts";
import type { Observations } from "../../chaos/matrix/observation.ts";
import { whyNoStarving } from "../../chaos/matrix/strike.ts";
import { strikeSupervisorAndServer, supervisorArena } from "../../chaos/matrix/supervisors.ts";
import { promised, renderMatrix } from "../../chaos/matrix/table.ts";
import { strikeWorkersAndFlows, workerArena } from "../../chaos/matrix/workers.ts";
import type { PoolPlan } from "../../chaos/place.ts";
import { describe as nameOf, processesOf } from "../../chaos/processes.ts";
import { environmentOf } from "../support/prefect-environments.ts";

/** The first test of a group waits for all that is struck in it. */
const limitMs = 1_200_000;

const whyNoOom = whyNoStarving();
const possible = faults.filter((fault) => fault !== "OOM" || whyNoOom === undefined);

interface Group {
  readonly name: string;
  readonly targets: readonly Target[];
  readonly pools: readonly PoolPlan[];
  readonly strike: (arena: Arena, some: readonly Fault[]) => Promise<Observations>;
}

interface Report {
  readonly seen: Observations;
  readonly unexplained: readonly string[];
  /** Processes that were there after the stop. */
  readonly left: readonly string[];
}

const groups: readonly Group[] = [
  {
    name: "workers and flows",
    targets: ["worker", "flow", "child"],
    pools: workerArena,
    strike: strikeWorkersAndFlows,
  },
  {
    name: "supervisor and server",
    targets: ["supervisor", "server"],
    pools: supervisorArena,
    strike: strikeSupervisorAndServer,
  },
];

/** Whatever happens in the middle, nothing of it stays. */
const open = new AsyncDisposableStack();
afterAll(() => open.disposeAsync());

const reports = new Map<Group, Promise<Report>>();

/** Once for each group: its first test takes minutes, and the others look at what it has seen. */
function reportOf(group: Group, ctx: TestContext): Promise<Report> {
  const environment = environmentOf("survey", ctx);
  const report = reports.get(group) ?? makeReport(group, environment);
  reports.set(group, report);
  return report;
}

async function makeReport({ pools, strike }: Group, environment: string): Promise<Report> {
  const arena = open.use(await Arena.open(environment, pools));
  const seen = await strike(arena, possible);
  const { unexplained } = arena.watch;
  await arena.sails.stop();
  const left = processesOf(arena.place.home).map(nameOf);
  await arena[Symbol.asyncDispose]();
  return { seen, unexplained, left };
}

describe.each(groups)("$name", (group) => {
  test.for(cellsOf(...group.targets))(
    "$target, $fault, $situation",
    { timeout: limitMs },
    async (cell, ctx) => {
      const wanted = expected(cell);
      if (wanted.kind === "nothing") return;
      if (cell.fault === "OOM" && whyNoOom !== undefined) ctx.skip(whyNoOom);
      const found = (await reportOf(group, ctx)).seen.get(keyOf(cell));
      expect(found?.faults).toEqual([]);
      expect(found?.word).toBe(wanted.fate);
    },
  );

  test("every state had its reason", async (ctx) => {
    expect((await reportOf(group, ctx)).unexplained).toEqual([]);
  });

  test("no process is left after the stop", async (ctx) => {
    expect((await reportOf(group, ctx)).left).toEqual([]);
  });
});

test("docs/faults.md shows what was seen (`npm run docs` makes what is promised)", async (ctx) => {
  const all = await Promise.all(groups.map((group) => reportOf(group, ctx)));
  const seen: Observations = new Map(all.flatMap((report) => [...report.seen]));
  const words = (cell: Cell) => seen.get(keyOf(cell))?.word ?? promised(cell);
  const held = [...seen].map(([key, { word, lieMs }]) => [key, word, lieMs / 1_000] as const);
  console.log(table(["cell", "became", "s without a process"], held));
  expect(await readFile("docs/faults.md", "utf8")).toContain(renderMatrix(words));
});
