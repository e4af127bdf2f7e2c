/** What changes something: on the control socket only. */
import * as z from "zod";
import type { ControlPlane, UnitVerb } from "./control-plane.ts";
import { json, text, type WholeReply } from "./reply.ts";
import type { Route } from "./router.ts";

export const orderRoutes = (plane: ControlPlane): readonly Route[] => [
  ...(["start", "stop", "restart"] as const).map((verb) => orderRoute(plane, verb)),
  { method: "POST", path: "/api/v1/reload", answer: ({ body }) => reload(plane, body) },
];

const orderBody = z.strictObject({ units: z.array(z.string().min(1)).min(1) });

const orderRoute = (plane: ControlPlane, verb: UnitVerb): Route => ({
  method: "POST",
  path: `/api/v1/${verb}`,
  answer: ({ body }) => {
    const { success, data, error } = orderBody.safeParse(parseJson(body));
    if (!success)
      return text(400, `The body is not {"units":["NAME"]}.\n${z.prettifyError(error)}`);
    const result = plane.order(verb, data.units);
    return json(result.kind === "done" ? 200 : 404, result);
  },
});

async function reload(plane: ControlPlane, body: string): Promise<WholeReply> {
  if (body !== "" && !z.strictObject({}).safeParse(parseJson(body)).success)
    return text(400, "A reload takes no body.");
  const result = await plane.reload();
  return json(result.kind === "reloaded" ? 200 : 422, result);
}

/** Undefined for what is no JSON; no schema here accepts that. */
function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
