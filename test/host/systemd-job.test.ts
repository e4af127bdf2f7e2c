import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { askJobKind, isInUnit, jobKindOf, unitOf } from "../../src/host/systemd-job.ts";
import { TemporaryFolder } from "./real-launcher.ts";

const service = {
  name: "sails-supervisor.service",
  isUsers: false,
  cgroup: "/system.slice/sails-supervisor.service",
};

test.each([
  ["0::/system.slice/sails-supervisor.service", service],
  ["0::/system.slice/sails-supervisor.service/supervisor", service],
  ["0::/system.slice/sails-supervisor.service/.control", service],
  ["9:name=systemd:/system.slice/sails-supervisor.service\n8:pids:/\n0::/", service],
  ["9:pids:/a.service\n1:name=systemd:/system.slice/sails-supervisor.service", service],
  [
    "0::/user.slice/user-1000.slice/user@1000.service/app.slice/sails-supervisor.service/supervisor",
    {
      name: service.name,
      isUsers: true,
      cgroup: "/user.slice/user-1000.slice/user@1000.service/app.slice/sails-supervisor.service",
    },
  ],
  ["0::/user.slice/user-1000.slice/session-3.scope", undefined],
  ["9:name=systemd:/\n0::/", undefined],
  ["", undefined],
])("%s is %j", (cgroup, unit) => {
  expect(unitOf(cgroup)).toEqual(unit);
});

test("a process belongs to the unit by its cgroup, whatever that is called", () => {
  const { cgroup } = service;
  expect(isInUnit(service, `0::${cgroup}`)).toBe(true);
  expect(isInUnit(service, `0::${cgroup}/service@a.service`)).toBe(true);
  expect(isInUnit(service, `9:name=systemd:${cgroup}\n0::/`)).toBe(true);
  expect(isInUnit(service, `8:pids:${cgroup}\n0::${cgroup}s`)).toBe(false);
});

const job = (id: number, unit: string, type: string) => [
  id,
  unit,
  type,
  "running",
  "/job",
  "/unit",
];
const answer = (...jobs: readonly unknown[][]) =>
  JSON.stringify({ type: "a(usssoo)", data: [jobs] });

test.each([
  [answer(job(1, service.name, "restart")), "restart"],
  [answer(job(7, "tmp.mount", "stop"), job(8, service.name, "stop")), "stop"],
  [answer(job(7, "another.service", "stop")), "other"],
  [answer(job(7, service.name, "start")), "other"],
  [answer(job(7, service.name, "reload")), "other"],
  [answer(), "other"],
  ['{"type":"a(usssoo)","data":[]}', "unknown"],
  ['{"type":"s","data":"restart"}', "unknown"],
  ["Failed to call: Transport endpoint is not connected", "unknown"],
])("%s is %s", (text, kind) => {
  expect(jobKindOf(text, service.name)).toBe(kind);
});

test("a bus that is missing, refuses or hangs does not hold up a stop", async () => {
  using folder = new TemporaryFolder();
  const busctl = join(folder.path, "busctl");
  const own = { PATH: folder.path };
  expect(await askJobKind(own, service)).toBe("unknown");
  await writeFile(busctl, "#!/bin/sh\nexit 1\n");
  await chmod(busctl, 0o755);
  expect(await askJobKind(own, service)).toBe("unknown");
  await writeFile(busctl, "#!/bin/sh\nexec /bin/sleep 1000\n");
  const before = performance.now();
  expect(await askJobKind(own, service)).toBe("unknown");
  expect(performance.now() - before).toBeLessThan(10_000);
});
