/** What is secret in a configuration comes to light nowhere, whatever goes wrong. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type DaemonProcess, Workplace } from "../support/daemon-process.ts";
import { environmentOf } from "../support/prefect-environments.ts";
import { CommandLineWatch, leakedIn, leakedInFiles, secrets } from "../support/secrets.ts";

const patient = { timeout: 180_000 };

async function placeWith(
  environment: string,
  server: Readonly<Record<string, unknown>>,
): Promise<Workplace> {
  const place = await Workplace.make({});
  const authFile = join(place.directory, "auth");
  const envFile = join(place.directory, "prefect.env");
  await writeFile(authFile, `admin:${secrets.auth}\n`, { mode: 0o600 });
  await writeFile(envFile, `PREFECT_API_KEY=${secrets.apiKey}\nARCHIVE_TOKEN=${secrets.apiKey}\n`, {
    mode: 0o600,
  });
  await place.configure({
    prefect: { home: join(place.directory, "home"), env_file: envFile },
    environment: { path: environment },
    server: { port: place.serverPort, auth_file: authFile, ...server },
    pools: [{ name: "runs", concurrency_limit: 2 }],
    checks: [
      {
        name: "archive",
        http: `http://user:${secrets.probeUrl}@127.0.0.1:9/?token=${secrets.probeUrl}`,
      },
    ],
    services: [{ name: "tunnel", command: ["false"], env: { TUNNEL_TOKEN: secrets.serviceToken } }],
    jobs: { backup: { cron: "17 3 * * *", directory: join(place.directory, "backups") } },
  });
  return place;
}

/** All that a reader can get of it. */
async function everything(place: Workplace, daemon: DaemonProcess): Promise<string> {
  const commands = [
    ["status"],
    ["status", "--json"],
    ["plan"],
    ["plan", "--json"],
    ["config", "show"],
    ["config", "show", "--json"],
    ["config", "check"],
    ["runs", "--json"],
    ["env", "--json"],
    ["logs", "-n", "1000"],
    ["backup"],
    ["backup", "list", "--json"],
    ["reload", "--json"],
  ];
  const said: string[] = [];
  for (const words of commands) {
    const { stdout, stderr } = await place.run(...words);
    said.push(`${words.join(" ")}:\n${stdout}${stderr}`);
  }
  for (const path of ["/", "/metrics", "/api/v1/status", "/readyz?verbose"]) {
    const response = await fetch(`${place.webUrl}${path}`);
    said.push(`${path}:\n${await response.text()}`);
  }
  return [...said, daemon.output].join("\n");
}

const isBad = (state: string): boolean => ["backoff", "broken"].includes(state);

test("… where everything works, and a service, a check and a reload fail", patient, async (ctx) => {
  const place = await placeWith(environmentOf("survey", ctx), {});
  await using watch = new CommandLineWatch();
  const daemon = place.start();
  await daemon.untilUnit("worker@runs", ({ ready }) => ready);
  await daemon.untilUnit("service@tunnel", ({ state }) => isBad(state));
  const said = await everything(place, daemon);
  expect(leakedIn(said)).toEqual([]);
  expect(await leakedInFiles(place.stateDir)).toEqual([]);
  expect([...watch.seen]).toEqual([]);
  // The search does find what is there.
  expect(await leakedInFiles(place.directory, [place.stateDir])).toContain(
    `${join(place.directory, "auth")}: admin:${secrets.auth}`,
  );
});

test("… where the database cannot be reached", patient, async (ctx) => {
  const database = `postgresql+asyncpg://prefect:${secrets.database}@127.0.0.1:9/prefect`;
  const place = await placeWith(environmentOf("survey", ctx), { database_url: database });
  await using watch = new CommandLineWatch();
  const daemon = place.start();
  await daemon.untilUnit("server", ({ state }) => isBad(state));
  const said = await everything(place, daemon);
  expect(leakedIn(said)).toEqual([]);
  expect(await leakedInFiles(place.stateDir)).toEqual([]);
  expect([...watch.seen]).toEqual([]);
});
