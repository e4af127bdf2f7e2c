/** What went wrong and what to do, on stderr. */
import type { Answer } from "../control/client.ts";
import type { Context } from "./context.ts";
import { exitStatus } from "./exit-status.ts";

export async function complain({ err }: Context, what: string, cure?: string): Promise<void> {
  const advice = cure === undefined ? "" : `What to do: ${cure}.\n`;
  await err.write(`${err.paint("bad", "error:")} ${what}\n${advice}`);
}

/** Says why there is no answer, and returns the exit status for that. */
export async function complainOf(
  context: Context,
  answer: Exclude<Answer<unknown>, { kind: "answered" }>,
): Promise<number> {
  switch (answer.kind) {
    case "unreachable":
      await complain(context, answer.why, answer.cure);
      return exitStatus.unreachable;
    case "refused":
      await complain(context, answer.why);
      return exitStatus.failed;
    default:
      return answer satisfies never;
  }
}
