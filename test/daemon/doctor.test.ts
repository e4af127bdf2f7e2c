/** The real command: with what hangs, with what is wrong, and without a daemon. */
import { mkdir, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import type { DoctorReport } from "../../src/doctor/finding.ts";
import { Workplace } from "../support/daemon-process.ts";
import { HungMount, whyNoMounts } from "../support/hung-mount.ts";

async function examine(place: Workplace) {
  const begin = performance.now();
  const { status, stdout } = await place.run("doctor", "--json");
  const report = JSON.parse(stdout) as DoctorReport;
  return {
    status,
    took: performance.now() - begin,
    report,
    ids: report.findings.map(({ id }) => id),
  };
}

/** Who takes connections and never answers. */
async function deaf(address: number | string): Promise<void> {
  const server = createServer(() => undefined);
  await new Promise<void>((done) => server.listen(address, done));
  onTestFinished(() => void server.close());
}

/** What it promises, whatever hangs. */
const within = 5_000;

/** Services alone: there is no Prefect to complain of. */
const services = {
  server: { enabled: false },
  services: [{ name: "sleeper", command: ["/bin/sleep", "1000"] }],
};

describe("doctor", () => {
  test("finds nothing in an installation in which all is well", async () => {
    const place = await Workplace.make(services);
    const daemon = place.start();
    await daemon.untilReady();
    expect(await examine(place)).toMatchObject({ status: 0, ids: [] });
    expect((await place.run("doctor")).stdout).toMatch(/^\d+ examinations: nothing found\.\n$/);
    await daemon.end("SIGTERM");
  });

  test("says that no daemon runs", async () => {
    const { status, ids } = await examine(await Workplace.make(services));
    expect(status).toBe(4);
    expect(ids).toEqual(["daemon:unreachable"]);
  });

  test("names the faults of the configuration, and nothing that nobody could know", async () => {
    const { status, report } = await examine(await Workplace.make({ pools: [{ nmae: "x" }] }));
    expect(status).toBe(4);
    expect(report.findings[0]?.what).toContain("config.yaml:");
    expect(report.examined).toEqual([{ examination: "configuration", result: "done" }]);
  });

  test("ends in time although daemon and Prefect hang", async () => {
    const place = await Workplace.make({});
    await place.configure({
      prefect: { home: place.directory },
      server: { port: place.serverPort },
    });
    await mkdir(place.stateDir);
    await deaf(place.serverPort);
    await deaf(join(place.stateDir, "control.sock"));
    const { took, ids, report } = await examine(place);
    expect(took).toBeLessThan(within);
    expect(ids).toEqual(["daemon:unreachable", "prefect-api"]);
    expect(report.findings.map(({ what }) => what)).toEqual([
      "the daemon is there but does not answer",
      expect.stringMatching(/^Prefect's API cannot be used: .* did not answer within 2 s$/),
    ]);
  });

  test("ends in time although a mount hangs that the project lies on", async (ctx) => {
    const why = whyNoMounts();
    ctx.skip(why !== undefined, why);
    const mount = await HungMount.make();
    await mount.hang();
    const place = await Workplace.make({});
    const file = join(mount.path, "prefect.yaml");
    await place.configure({
      prefect: { home: join(mount.path, "home"), api_url: "http://127.0.0.1:9/api" },
      server: { enabled: false },
      deployments: [{ prefect_yaml: file }],
      checks: [{ name: "arc", mount: mount.path }],
    });
    const { took, ids } = await examine(place);
    expect(took).toBeLessThan(within);
    // On a machine that is very busy the examination as a whole has had no answer: that is told, too.
    const either = (name: string, what: string) => [`${name}:${what}`, `${name}:unanswered`];
    expect(ids.some((id) => either("deployments", file).includes(id))).toBe(true);
    expect(ids.some((id) => either("mounts", `${mount.path}:hangs`).includes(id))).toBe(true);
    expect(ids).toContain("prefect-api");
  });

  test("ends in time although the configuration itself hangs", async (ctx) => {
    const why = whyNoMounts();
    ctx.skip(why !== undefined, why);
    const mount = await HungMount.make();
    await mount.hang();
    const place = await Workplace.make({ prefect: { env_file: join(mount.path, "prefect.env") } });
    const { took, ids } = await examine(place);
    expect(took).toBeLessThan(within);
    expect(ids).toEqual(["configuration:unanswered"]);
  });

  test("finds a port that is open and secrets that are readable, without a daemon", async () => {
    const place = await Workplace.make({});
    const envFile = join(place.directory, "prefect.env");
    await writeFile(envFile, "PREFECT_API_KEY=abc\n", { mode: 0o644 });
    await place.configure({
      prefect: { home: place.directory, env_file: envFile },
      server: { host: "0.0.0.0", port: place.serverPort },
    });
    const { ids } = await examine(place);
    expect(ids).toContain("open-port");
    expect(ids).toContain(`secret-files:${envFile}`);
  });
});
