/** The base job template of our process pools: Prefect's own, but for the command that starts a run. */
import * as z from "zod";
import type { CommandRequest, RunCommand } from "../ports.ts";

/**
 * The same on every host: a worker that is not ours has no SAILS_FLOW_RUN, and starts the engine as
 * Prefect would. So does one of ours whose launcher is gone: the flow comes first.
 */
export const launchCommand = `/bin/sh -c '[ -x "$SAILS_FLOW_RUN" ] && exec "$SAILS_FLOW_RUN"; exec python -m prefect.engine'`;

export type JobTemplate = Readonly<Record<string, unknown>>;

/** A pool that was made over the API has an empty one until its first worker fills it in. */
export const isEmptyTemplate = (template: JobTemplate): boolean =>
  Object.keys(template).length === 0;

/** `none`: runs start by Prefect's default. `foreign`: by a command of somebody's, or by nobody knows what. */
export type StartCommand = "none" | "ours" | "foreign";

export function startCommandOf(template: JobTemplate): StartCommand {
  const parsed = partly.safeParse(template);
  if (!parsed.success) return "foreign";
  const command = parsed.data.variables.properties.command.default ?? "";
  if (command === launchCommand) return "ours";
  return command === "" ? "none" : "foreign";
}

/** @param command null: Prefect's default */
export function withCommand(template: JobTemplate, command: string | null): JobTemplate {
  const parsed = partly.parse(template);
  const { variables } = parsed;
  const { properties } = variables;
  const changed = { ...properties, command: { ...properties.command, default: command } };
  return { ...parsed, variables: { ...variables, properties: changed } };
}

const partly = z.looseObject({
  variables: z
    .looseObject({
      properties: z
        .looseObject({
          command: z.looseObject({ default: z.string().nullish() }).prefault({}),
        })
        .prefault({}),
    })
    .prefault({}),
});

export type AskedTemplate =
  | { readonly kind: "known"; readonly template: JobTemplate }
  | { readonly kind: "failed"; readonly why: string };

const question =
  "import json; from prefect.workers.process import ProcessWorker; print(json.dumps(ProcessWorker.get_default_base_job_template()))";

/** Of the Prefect that is installed: another version has other variables. Takes seconds of CPU. */
export async function askDefaultTemplate(
  run: RunCommand,
  python: string,
  request: Omit<CommandRequest, "command">,
): Promise<AskedTemplate> {
  const result = await run({ ...request, command: [python, "-W", "ignore", "-c", question] });
  const last = result.output.trim().split("\n").at(-1) ?? "";
  if (!result.isOk) {
    return {
      kind: "failed",
      why: `Prefect was asked for its job template and ${result.how}: ${last}`,
    };
  }
  const parsed = z.record(z.string(), z.unknown()).safeParse(safeJson(last));
  return parsed.success
    ? { kind: "known", template: parsed.data }
    : {
        kind: "failed",
        why: `Prefect was asked for its job template and said: ${last.slice(0, 200)}`,
      };
}

function safeJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
