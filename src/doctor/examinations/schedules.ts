/** Schedules that make no runs. */
import { type Examination, knownOf, listed } from "../examination.ts";
import type { Finding } from "../finding.ts";
import type { Deployment } from "../ports.ts";

export const schedules: Examination = {
  name: "schedules",
  finds:
    "a deployment that has a schedule is paused, or its schedule is, though the configuration does not say so",
  examine: async ({ prefect, config }) => {
    const meant = config.deployments
      .flatMap((each) => each.schedules)
      .filter(({ active }) => !active);
    return judgeSchedules(
      knownOf(await prefect?.deployments()) ?? [],
      new Set(meant.map(({ deployment }) => deployment)),
    );
  },
};

/** @param meant those that the configuration keeps inactive */
export function judgeSchedules(
  deployments: readonly Pick<Deployment, "name" | "flowName" | "paused" | "schedules">[],
  meant: ReadonlySet<string>,
): readonly Finding[] {
  const resting = deployments
    .filter(
      ({ paused, schedules: all }) =>
        all.length > 0 && (paused || all.every(({ active }) => !active)),
    )
    .map(({ flowName, name }) => `${flowName}/${name}`)
    .filter((name) => !meant.has(name));
  const [first] = resting;
  if (first === undefined) return [];
  return [
    {
      id: "schedules:paused",
      severity: "warning",
      what: `${listed(resting)} ${resting.length === 1 ? "has a schedule that is" : "have schedules that are"} paused`,
      why: "no runs are made by it until somebody resumes it, and a pause is easily forgotten",
      cure: `\`prefect deployment resume ${first}\`, or \`active: false\` at the schedule in the configuration if it is meant so`,
    },
  ];
}
