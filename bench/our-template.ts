/** The base job template of a process pool whose flow runs are started by our command. */
import { join } from "node:path";
import { launchCommand } from "../src/prefect/declared/job-template.ts";
import { complete } from "./complete.ts";

/** @param environment the folder of a Python environment */
export async function templateWithCommand(
  environment: string,
  signal: AbortSignal,
): Promise<object> {
  const program = [
    "import json, sys",
    "from prefect.workers.process import ProcessWorker",
    "template = ProcessWorker.get_default_base_job_template()",
    'template["variables"]["properties"]["command"]["default"] = sys.argv[1]',
    "print(json.dumps(template))",
  ].join("\n");
  const python = join(environment, "bin/python");
  return JSON.parse(
    await complete(python, ["-W", "ignore", "-c", program, launchCommand], { signal }),
  );
}
