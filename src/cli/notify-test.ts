/** `notify test`: sends one message, and says what came of it. */
import type { NotifyTestResult } from "../control/control-plane.ts";
import { formatSpan, ms } from "../supervision/time.ts";
import { complain, complainOf } from "./complain.ts";
import type { Context } from "./context.ts";
import { daemonClient } from "./daemon-client.ts";
import { exitStatus } from "./exit-status.ts";
import { asJson } from "./json.ts";

export interface NotifyTestOptions {
  readonly config?: string;
  readonly json?: boolean;
}

export async function testNotify(
  context: Context,
  target: string | undefined,
  { config, json }: NotifyTestOptions,
): Promise<number> {
  const client = await daemonClient(context, config);
  if (client === undefined) return exitStatus.unreachable;
  const answer = await client.testNotify(target, new AbortController().signal);
  if (answer.kind !== "answered") return complainOf(context, answer);
  const result = answer.value;
  if (result.kind === "unknown-target") {
    const known =
      result.known.length === 0 ? "there is none" : `there are ${result.known.join(", ")}`;
    await complain(context, `notify has no target ${result.name}: ${known}`, changed);
    return exitStatus.usage;
  }
  const { targets } = result;
  if (targets.length === 0) {
    await complain(context, "the configuration names nobody who is to be told", changed);
    return exitStatus.notAsAsked;
  }
  await context.out.write(
    json ? asJson({ targets }) : targets.map((one) => line(one, context)).join(""),
  );
  return targets.every(({ delivered }) => delivered) ? exitStatus.done : exitStatus.notAsAsked;
}

const changed = "name one under notify: in the configuration, then `sails-supervisor reload`";

type Tested = Extract<NotifyTestResult, { readonly kind: "done" }>["targets"][number];

function line({ name, delivered, why, tookMs }: Tested, { out }: Context): string {
  const took = formatSpan(ms(tookMs));
  return delivered
    ? `${out.paint("good", "delivered")}  ${name} (${took})\n`
    : `${out.paint("bad", "failed")}     ${name}: ${why ?? "for an unknown reason"} (${took})\n`;
}
