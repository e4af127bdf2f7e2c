/** Reads lists of any length: Prefect gives at most 200 entries at once. */
import * as z from "zod";
import type { Answer, Send } from "./transport.ts";

export type ReadAll = <T>(
  path: string,
  item: z.ZodType<T>,
  signal: AbortSignal,
  filter?: Readonly<Record<string, unknown>>,
) => Promise<Answer<readonly T[]>>;

const pageSize = 200;

export function readAllWith(once: Send): ReadAll {
  return async <T>(
    path: string,
    item: z.ZodType<T>,
    signal: AbortSignal,
    filter: Readonly<Record<string, unknown>> = {},
  ): Promise<Answer<readonly T[]>> => {
    const found: T[] = [];
    for (let offset = 0; ; offset += pageSize) {
      const body = { ...filter, limit: pageSize, offset };
      const page = await once(
        { method: "POST", path, body },
        (answer) => z.array(item).parse(answer),
        signal,
      );
      if (page.kind !== "ok") return page;
      found.push(...page.value);
      if (page.value.length < pageSize) return { kind: "ok", value: found };
    }
  };
}
