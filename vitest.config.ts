import { defineConfig } from "vitest/config";

const project = (name: string, include: string[], more: Record<string, unknown> = {}) => ({
  test: { name, include: include.map((glob) => `test/${glob}`), ...more },
});

/** Real processes take their time on a loaded machine; what hangs is still found. */
const patient = { testTimeout: 60_000, hookTimeout: 60_000, pool: "forks" };

/** The fault matrix and the chaos hold a server to seconds: `npm run faults`, on a machine that does nothing else. */
const isForItself = process.env["SAILS_FAULT_MATRIX"] === "1";
const forItself = isForItself ? [] : ["test/faults/*.test.ts"];

export default defineConfig({
  test: {
    maxWorkers: 2,
    projects: [
      project(
        "unit",
        [
          "{architecture,chaos,checks,doctor,notify,supervision,config,init,jobs,metrics,monitoring,prefect/unit}/**/*.test.ts",
        ],
        { testTimeout: 60_000 },
      ),
      project("host", ["{host,libexec,control,cli,scripts}/**/*.test.ts"], patient),
      project("daemon", ["{daemon,systemd}/**/*.test.ts"], patient),
      project("prefect", ["{prefect,faults}/*.test.ts"], {
        ...patient,
        exclude: forItself,
        testTimeout: 600_000,
        hookTimeout: 600_000,
        fileParallelism: !isForItself,
      }),
    ],
  },
});
