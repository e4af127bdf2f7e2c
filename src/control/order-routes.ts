/** What changes something, or asks Prefect for much: on the control socket only. */
import * as z from "zod";
import type { ControlPlane } from "./control-plane.ts";
import { type Body, noBody, posted } from "./posted.ts";
import { json } from "./reply.ts";
import type { Route } from "./router.ts";

export const orderRoutes = (plane: ControlPlane): readonly Route[] => [
  ...(["start", "stop", "restart"] as const).map((verb) =>
    posted(`/api/v1/${verb}`, unitsBody, ({ units }) => plane.order(verb, units)),
  ),
  posted("/api/v1/reload", noBody, () => plane.reload()),
  posted("/api/v1/runs/cancel", runBody, ({ run }) => plane.cancelRun(run)),
  posted("/api/v1/runs/recover", noBody, () => plane.recoverRuns()),
  posted("/api/v1/drain", drainBody, ({ pools, timeoutMs }) => plane.drain(pools, timeoutMs)),
  posted("/api/v1/resume", poolsBody, ({ pools }) => plane.resume(pools)),
  {
    method: "GET",
    path: "/api/v1/backups",
    answer: async () => {
      const found = await plane.backups();
      return json(found.kind === "done" ? 200 : 503, found);
    },
  },
  posted("/api/v1/environment/sync", noBody, () => plane.syncEnvironment()),
  posted("/api/v1/environment/rollback", noBody, () => plane.rollBackEnvironment()),
  posted("/api/v1/jobs/run", jobBody, ({ job }) => plane.runJob(job)),
  posted("/api/v1/backups/verify", fileBody, ({ file }) => plane.verifyBackup(file)),
  posted("/api/v1/backups/restore", fileBody, ({ file }) => plane.restoreBackup(file)),
  posted("/api/v1/notify/test", targetBody, ({ target }) => plane.testNotify(target)),
  posted("/api/v1/reexec", noBody, () => plane.reexec()),
  planRoute(plane),
  applyRoute(plane),
];

function planRoute(plane: ControlPlane): Route {
  return {
    method: "GET",
    path: "/api/v1/plan",
    answer: async () => {
      const result = await plane.plan();
      return json(result.kind === "planned" ? 200 : 503, result);
    },
  };
}

/** Answers at once, and goes on with a line of JSON for each step. */
function applyRoute(plane: ControlPlane): Route {
  return {
    method: "POST",
    path: "/api/v1/apply",
    answer: () => ({
      kind: "stream",
      status: 200,
      headers: { "Content-Type": "application/x-ndjson" },
      pour: (reader) => {
        // Or the client would not know that it has begun.
        reader.write("\n");
        void plane
          .apply((event) => {
            if (!reader.destroyed) reader.write(`${JSON.stringify(event)}\n`);
          })
          .finally(() => reader.end());
      },
    }),
  };
}

const name = z.string().min(1);
const names = z.array(name).min(1);
/** The longest that a timer takes; more, and it fires at once. */
const timeoutMs = z
  .int()
  .min(0)
  .max(2 ** 31 - 1)
  .nullable();

const unitsBody = {
  schema: z.strictObject({ units: names }),
  shape: '{"units":["NAME"]}',
} satisfies Body<unknown>;

const runBody = {
  schema: z.strictObject({ run: name }),
  shape: '{"run":"ID or NAME"}',
} satisfies Body<unknown>;

const drainBody = {
  schema: z.strictObject({ pools: names, timeoutMs }),
  shape: '{"pools":["NAME"],"timeoutMs":MILLISECONDS or null}',
} satisfies Body<unknown>;

const poolsBody = {
  schema: z.strictObject({ pools: names }),
  shape: '{"pools":["NAME"]}',
} satisfies Body<unknown>;

const jobBody = {
  schema: z.strictObject({ job: name }),
  shape: '{"job":"NAME"}',
} satisfies Body<unknown>;

const targetBody = {
  schema: z.strictObject({ target: name.optional() }),
  shape: '{"target":"NAME"}, or empty',
} satisfies Body<unknown>;

const fileBody = {
  schema: z.strictObject({ file: z.string().startsWith("/") }),
  shape: '{"file":"ABSOLUTE PATH"}',
} satisfies Body<unknown>;
