/** A route for an order: reads its body strictly, and answers with what came of it. */
import * as z from "zod";
import type {
  CancelResult,
  EnvironmentOrderResult,
  JobOrderResult,
  NotifyTestResult,
  OrderResult,
  PoolOrderResult,
  RecoverResult,
  ReexecResult,
  ReloadResult,
  VerifyResult,
} from "./control-plane.ts";
import { json, text } from "./reply.ts";
import type { Route } from "./router.ts";

type Result =
  | OrderResult
  | ReloadResult
  | CancelResult
  | RecoverResult
  | PoolOrderResult
  | ReexecResult
  | EnvironmentOrderResult
  | JobOrderResult
  | NotifyTestResult
  | VerifyResult;

export interface Body<T> {
  readonly schema: z.ZodType<T>;
  /** For who sent something else. */
  readonly shape: string;
}

export const noBody: Body<unknown> = { schema: z.strictObject({}), shape: "empty" };

export const posted = <T>(
  path: string,
  { schema, shape }: Body<T>,
  perform: (asked: T) => Result | Promise<Result>,
): Route => ({
  method: "POST",
  path,
  answer: async ({ body }) => {
    const { success, data, error } = schema.safeParse(body === "" ? {} : parseJson(body));
    if (!success) return text(400, `The body is not ${shape}.\n${z.prettifyError(error)}`);
    const result = await perform(data);
    return json(statusOf[result.kind], result);
  },
});

const statusOf = {
  done: 200,
  reloaded: 200,
  accepted: 202,
  started: 202,
  "unknown-unit": 404,
  "unknown-run": 404,
  "unknown-pool": 404,
  "unknown-job": 404,
  "unknown-target": 404,
  ambiguous: 409,
  busy: 409,
  faulty: 422,
  refused: 422,
  // Of what it needs for this, something is away: Prefect most often.
  failed: 503,
} as const satisfies Record<Result["kind"], number>;

/** Undefined for what is no JSON; no schema here accepts that. */
function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
