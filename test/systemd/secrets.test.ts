/** What is secret in a configuration does not get into the journal either, whatever goes wrong. */
import { expect, test } from "vitest";
import { environmentOf } from "../support/prefect-environments.ts";
import { CommandLineWatch, leakedIn, leakedInFiles, secrets } from "../support/secrets.ts";
import { user } from "../support/systemd/container.ts";
import { InstalledDaemon } from "../support/systemd/installed-daemon.ts";
import { sharedContainer } from "../support/systemd/shared-container.ts";

const shared = sharedContainer();

test("a database that cannot be reached, a service that dies", {
  timeout: 180_000,
}, async (ctx) => {
  const path = environmentOf("survey", ctx);
  const container = await shared(ctx);
  const authFile = "/etc/prefect-auth";
  await container.write(authFile, `admin:${secrets.auth}\n`, 0o600);
  await container.ask(["chown", user, authFile]);
  await using daemon = await InstalledDaemon.install(container, {
    config: {
      prefect: { env: { ARCHIVE_TOKEN: secrets.apiKey } },
      environment: { path },
      server: {
        enabled: true,
        auth_file: authFile,
        database_url: `postgresql+asyncpg://prefect:${secrets.database}@127.0.0.1:9/prefect`,
      },
      pools: [{ name: "runs" }],
      services: [
        { name: "tunnel", command: ["false"], env: { TUNNEL_TOKEN: secrets.serviceToken } },
      ],
    },
  });
  await using watch = new CommandLineWatch(container.path("/proc"));
  await daemon.order("start");
  const died = "the server has died";
  await daemon.untilStatus(
    died,
    ({ units }) => units.some(({ name, restarts }) => name === "server" && restarts > 0),
    120_000,
  );
  await daemon.order("restart");
  await daemon.order("stop");
  const journal = await container.ask(["journalctl", "-q", "--all", "-o", "export"]);
  expect(journal).toContain("SYSLOG_IDENTIFIER=prefect-server");
  expect(leakedIn(journal)).toEqual([]);
  expect(await leakedInFiles(container.path(daemon.stateDir))).toEqual([]);
  expect([...watch.seen]).toEqual([]);
});
