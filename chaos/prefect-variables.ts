/** The environment of Prefect's processes where nobody but the units' author gives it. */
import type { Place } from "./place.ts";

export type Variables = Readonly<Record<string, string>>;

export const prefectVariables = ({ home, apiUrl, temporary }: Place): Variables => ({
  TMPDIR: temporary,
  PREFECT_HOME: home,
  PREFECT_API_URL: apiUrl,
  PREFECT_SERVER_EPHEMERAL_ENABLED: "false",
  PREFECT_SERVER_ANALYTICS_ENABLED: "false",
  DO_NOT_TRACK: "1",
  PYTHONUNBUFFERED: "1",
});

export const serverCommand = ({
  environment,
  serverPort,
}: Place): readonly [string, ...string[]] => [
  `${environment}/bin/prefect`,
  ...["server", "start", "--host", "127.0.0.1", "--port", String(serverPort)],
];

/** @param name stays, or each restart would leave one more row in Prefect's list of workers */
export const workerCommand = (
  { environment }: Place,
  pool: string,
  name: string,
): readonly [string, ...string[]] => [
  `${environment}/bin/prefect`,
  ...["worker", "start", "--pool", pool, "--type", "process", "--name", name],
  ...["--install-policy", "never", "--with-healthcheck"],
];
