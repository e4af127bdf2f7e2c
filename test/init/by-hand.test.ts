import { expect, test } from "vitest";
import { recognize } from "../../src/init/by-hand.ts";

const found = (line: string) => recognize({ pid: 7, words: line.split(" "), home: "/data" });

test.each([
  [
    "/env/bin/python /env/bin/prefect server start",
    { kind: "server", host: undefined, port: 4200 },
  ],
  [
    "/env/bin/python3.12 /env/bin/prefect server start --host 0.0.0.0 --port=4300",
    { kind: "server", host: "0.0.0.0", port: 4300 },
  ],
  ["/env/bin/prefect worker start -p vm-runs -l 2", { kind: "worker", pool: "vm-runs" }],
  ["/env/bin/prefect worker start --pool=vm-runs", { kind: "worker", pool: "vm-runs" }],
  ["/env/bin/prefect worker start", { kind: "worker", pool: undefined }],
])("%s", (line, what) => {
  expect(found(line)).toEqual({ pid: 7, environment: "/env", home: "/data", ...what });
});

test("of an environment that the command line does not tell", () => {
  expect(found("python prefect worker start -p a")).toMatchObject({ environment: undefined });
});

test.each([
  "vim prefect.yaml",
  "/env/bin/prefect deploy --all",
  "/env/bin/python /env/bin/prefect server stop",
  "/bin/sh -c prefect server start",
  "grep -r prefect server start",
])("%s is neither", (line) => {
  expect(found(line)).toBeUndefined();
});
