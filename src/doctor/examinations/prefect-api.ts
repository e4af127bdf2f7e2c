/** Whether Prefect's API answers, and reads its database. */
import type { Answer } from "../../prefect/api/transport.ts";
import type { Examination } from "../examination.ts";
import type { Finding } from "../finding.ts";

export const prefectApi: Examination = {
  name: "prefect-api",
  finds: "Prefect's API does not answer, or refuses to",
  examine: async ({ prefect, config }) =>
    prefect === undefined ? [] : judgeApi(await prefect.pools(), config.server.enabled),
};

export function judgeApi(answer: Answer<unknown>, isOurs: boolean): readonly Finding[] {
  if (answer.kind === "ok") return [];
  const isRefused = answer.kind === "refused" && (answer.status === 401 || answer.status === 403);
  const ofOurs =
    "`sails-supervisor status server` says why, `sails-supervisor logs server` what it said";
  const ofOthers = "look at that server, and at prefect.api_url and the network on the way to it";
  const auth =
    "let server.auth_file hold the USER:PASSWORD that the server has, then `sails-supervisor reload`";
  return [
    {
      id: "prefect-api",
      severity: "fault",
      what: `Prefect's API cannot be used: ${answer.why}`,
      why: "workers get no work, and what else concerns pools, deployments and runs could not be examined",
      cure: isRefused ? auth : isOurs ? ofOurs : ofOthers,
    },
  ];
}
