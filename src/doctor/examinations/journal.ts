/** Whether journald has thrown lines away. */
import { type Examination, seenOf } from "../examination.ts";
import type { Finding } from "../finding.ts";
import { ownUnit } from "./unit-file.ts";

export const journal: Examination = {
  name: "journal",
  finds: "journald has dropped lines of ours in the last day",
  examine: async (scene) => {
    const { name } = await ownUnit(scene);
    const said = await scene.eyes.run(
      ...["journalctl", "-q", "--no-pager", "-o", "cat", "--since", "-1d", "-n", "500"],
      ...["_COMM=systemd-journal", "SYSLOG_IDENTIFIER=systemd-journald", "-g", "Suppressed"],
    );
    return judgeJournal(seenOf(said) ?? "", name);
  },
};

/** @param said `Suppressed 4625 messages from sails-supervisor.service`, one a line */
export function judgeJournal(said: string, unit: string): readonly Finding[] {
  const dropped = [...said.matchAll(/^Suppressed (\d+) messages from (\S+)/gm)]
    .filter(([, , from]) => from === unit)
    .reduce((sum, [, count]) => sum + Number(count), 0);
  if (dropped === 0) return [];
  return [
    {
      id: "journal:suppressed",
      severity: "warning",
      what: `journald has dropped ${dropped} lines of ${unit} in the last day`,
      why: "what a flow printed before it failed may be among them",
      cure: `\`sudo systemctl edit ${unit}\`, write [Service] and LogRateLimitBurst=1000000000, then \`sudo systemctl daemon-reload\` and \`sudo systemctl restart ${unit}\`: flow runs are not touched`,
    },
  ];
}
