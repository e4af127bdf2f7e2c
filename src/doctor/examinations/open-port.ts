/** A server that everybody on the network may use. */
import type { Config } from "../../config/config.ts";
import type { Examination } from "../examination.ts";
import type { Finding } from "../finding.ts";

export const openPort: Examination = {
  name: "open-port",
  finds: "Prefect's port is open to the network without a password",
  examine: async ({ config }) => judgePort(config),
};

const loopback = /^(localhost|127\.\d+\.\d+\.\d+|::1)$/;

export function judgePort({
  server,
  prefect,
}: Pick<Config, "server" | "prefect">): readonly Finding[] {
  const hasAuth =
    server.authFile !== undefined || Boolean(prefect.env["PREFECT_SERVER_API_AUTH_STRING"]);
  if (!server.enabled || hasAuth || loopback.test(server.host)) return [];
  return [
    {
      id: "open-port",
      severity: "fault",
      what: `Prefect's server listens on ${server.host}, port ${server.port}, and asks for no password`,
      why: "whoever reaches this port can run code on this machine: a deployment's command is theirs to set",
      cure: "set server.host to 127.0.0.1 (and reach it by `ssh -L`), or write USER:PASSWORD into a file, `chmod 600` it, and name it with server.auth_file; then `sails-supervisor reload`",
    },
  ];
}
