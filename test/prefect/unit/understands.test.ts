import { expect, test } from "vitest";
import * as z from "zod";
import type { WorkPoolResponse } from "../../../src/prefect/api/openapi.ts";
import { understands } from "../../../src/prefect/api/understands.ts";

test("a schema that would not take what Prefect may answer does not compile", () => {
  const pool = { name: "a", concurrency_limit: null };
  const schema = z.object({ name: z.string(), concurrency_limit: z.number().nullable() });
  expect(understands<WorkPoolResponse>()(schema).parse(pool)).toEqual(pool);
  // @ts-expect-error -- the limit may be null
  understands<WorkPoolResponse>()(z.object({ concurrency_limit: z.number() }));
  // @ts-expect-error -- there is no such field
  understands<WorkPoolResponse>()(z.object({ limit: z.number().nullable() }));
});
