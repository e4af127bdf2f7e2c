/** What the ledger's file holds, and what can be had from one that is not as it should be. */
import * as z from "zod";

const keptSchedule = z.object({
  id: z.string(),
  slug: z.string().nullish(),
  active: z.boolean(),
  schedule: z.record(z.string(), z.unknown()),
  parameters: z.record(z.string(), z.unknown()).default({}),
  max_scheduled_runs: z.number().nullish(),
  /** Whether `prefect deploy` made it. */
  isFromFile: z.boolean(),
  /** As `prefect deploy` made it. */
  madeActive: z.boolean().optional(),
});
export type KeptSchedule = z.infer<typeof keptSchedule>;

/** What an operator has made or set, and `prefect deploy` would take away. */
const kept = z.object({
  /** Undefined: as `prefect deploy` has it. */
  paused: z.boolean().optional(),
  schedules: z.array(keptSchedule),
  /** Those that the file declares now. */
  fileSlugs: z.array(z.string()),
});
export type Kept = z.infer<typeof kept>;

const record = z.object({
  file: z.string(),
  selector: z.string(),
  /** Whether we made it, and so may delete it. */
  isOurs: z.boolean(),
  /** Of what it was made from. */
  entry: z.string(),
  code: z.string(),
  lock: z.string(),
  /** As `prefect deploy` left it, by Prefect's name for each setting. */
  made: z.record(z.string(), z.string()),
  paused: z.boolean(),
  /** Those of `prefect.yaml`: by id, whether they were active. */
  schedules: z.record(z.string(), z.boolean()),
});
export type DeploymentRecord = z.infer<typeof record>;

const shape = z.object({
  version: z.literal(1),
  /** Where one lies that could not be read, as long as it matters what that one knew. */
  lost: z.string().optional(),
  claims: z.record(z.string(), z.string()),
  /** By the id of the deployment. */
  deployments: z.record(z.string(), record),
  /** Deployments that are being deployed: what has to be put back, whoever does it. */
  interrupted: z.record(z.string(), kept),
});
export type Written = z.infer<typeof shape>;

export const nothing: Written = { version: 1, claims: {}, deployments: {}, interrupted: {} };

/** Undefined: nonsense, half a file, or of a version that is not ours. */
export function parseLedger(text: string): Written | undefined {
  try {
    return shape.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** What an operator would miss first: what has to be put back after a deploy that was cut short. */
export function salvage(text: string): Written["interrupted"] {
  try {
    const { interrupted } = partly.parse(JSON.parse(text));
    return Object.fromEntries(
      Object.entries(interrupted).flatMap(([id, each]) => {
        const { data } = kept.safeParse(each);
        return data === undefined ? [] : [[id, data]];
      }),
    );
  } catch {
    return {};
  }
}

const partly = z.looseObject({ interrupted: z.record(z.string(), z.unknown()) });
