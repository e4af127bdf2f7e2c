/** `doctor`: everything that can be wrong with this installation, each with its cure. */
import type { Context } from "./context.ts";
import { doctorText } from "./doctor-text.ts";
import { exitStatus } from "./exit-status.ts";
import { asJson } from "./json.ts";

export interface DoctorOptions {
  readonly config?: string;
  readonly json?: boolean;
}

export async function examine(context: Context, { config, json }: DoctorOptions): Promise<number> {
  const { out } = context;
  const report = await context.examine(config);
  const look = { columns: out.columns(), paint: out.paint, now: new Date() };
  await out.write(json ? asJson(report) : doctorText(report, look));
  return report.findings.length === 0 ? exitStatus.done : exitStatus.notAsAsked;
}
