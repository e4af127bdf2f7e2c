/** Examines all at once, each in a time of its own. */
import type { Examination } from "./examination.ts";
import type { Examined, Finding } from "./finding.ts";
import type { Scene } from "./ports.ts";

/** `expired`: resolves when an examination has had its time. */
export async function examineAll(
  examinations: readonly Examination[],
  scene: Scene,
  expired: () => Promise<void>,
  told: (examined: Examined) => void,
): Promise<void> {
  await Promise.all(
    examinations.map(async (examination) => {
      told(await Promise.race([done(examination, scene), expired().then(() => late(examination))]));
    }),
  );
}

async function done(examination: Examination, scene: Scene): Promise<Examined> {
  const { name, examine } = examination;
  try {
    return { examination: name, result: "done", findings: await examine(scene) };
  } catch (error) {
    // A fault of ours in one must not cost what all others have found.
    return { ...silent(examination, `it failed: ${String(error)}`) };
  }
}

const late = (examination: Examination): Examined =>
  silent(examination, "it had no answer in time");

export const silent = (
  { name, finds }: Pick<Examination, "name" | "finds">,
  how: string,
): Examined => {
  const finding: Finding = {
    id: `${name}:unanswered`,
    severity: "warning",
    what: `the examination ${name} came to no end: ${how}`,
    why: `so it is not known whether this is so: ${finds}`,
    cure: "run the doctor again; if it stays so, look for a mount that hangs (`findmnt`) and for the load of the machine (`uptime`)",
  };
  return { examination: name, result: "silent", findings: [finding] };
};
