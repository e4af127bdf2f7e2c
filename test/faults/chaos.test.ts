/** Two minutes in which supervisor, workers and server are killed at random: `npm run chaos` for more. */
import { expect, test } from "vitest";
import { progress } from "../../chaos/progress.ts";
import { faultsOf, render } from "../../chaos/report.ts";
import { chaos, type Plan } from "../../chaos/run.ts";
import { Sails } from "../../chaos/sails.ts";
import { environmentOf } from "../support/prefect-environments.ts";

const limitMs = 900_000;

test(
  "nothing is lost while the supervisor, workers and the server are killed",
  async (ctx) => {
    const plan: Plan = {
      minutes: 2,
      seed: 20_261_125,
      flows: 20,
      killEveryMs: 6_000,
      environment: environmentOf("survey", ctx),
      keep: false,
      install: (options, signal) => Sails.make(options, signal),
    };
    const outcome = await chaos(plan, progress, ctx.signal);
    console.log(render(outcome));
    expect(faultsOf(outcome)).toEqual([]);
    // Or else nothing would have been tried.
    const { kills, account } = outcome;
    expect(Math.min(kills.supervisor, kills.worker, kills.server)).toBeGreaterThan(0);
    expect(account.made).toBeGreaterThan(plan.flows);
  },
  limitMs,
);
