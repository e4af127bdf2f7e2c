import { describe, expect, test } from "vitest";
import { explainPrefectExit, explainWorkerExit } from "../../../src/prefect/exits.ts";
import type { Exit } from "../../../src/supervision/exit.ts";

const exited = (code: number): Exit => ({ kind: "exited", code });
const lines = (text: string): readonly string[] => text.split("\n").slice(1);

const startup = `
 ___ ___ ___ ___ ___ ___ _____
| _ \\ _ \\ __| __| __/ __|_   _|
|_| |_|_\\___|_| |___\\___| |_|

Check out the dashboard at http://127.0.0.1:4200
`;

const sqlite = (words: string) => `${startup}
ERROR:    Traceback (most recent call last):
  File "/opt/env/lib/python3.11/site-packages/starlette/routing.py", line 694, in lifespan
    async with self.lifespan_context(app) as maybe_state:
               ^^^^^^^^^^^^^^^^^^^^^^^^^^
  File "/opt/env/lib/python3.11/site-packages/aiosqlite/core.py", line 382, in connector
    return sqlite3.connect(loc, **kwargs)
${words}
(Background on this error at: https://sqlalche.me/e/20/e3q8)

ERROR:    Application startup failed. Exiting.
Server stopped!`;

const unauthorized = `
Worker 'vm1-runs' started!
Traceback (most recent call last):
  File "/opt/env/lib/python3.11/site-packages/httpx/_models.py", line 829, in raise_for_status
    raise HTTPStatusError(message, request=request, response=self)
httpx.HTTPStatusError: Client error '401 Unauthorized' for url 'http://127.0.0.1:4200/api/admin/version'
For more information check: https://developer.mozilla.org/en-US/docs/Web/HTTP/Status/401

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "/opt/env/lib/python3.11/site-packages/prefect/workers/base.py", line 887, in start
    async with self as worker:
RuntimeError: Runner failed to start: event_emitter — Client error '401 Unauthorized' for url 'http://127.0.0.1:4200/api/admin/version'
For more information check: https://developer.mozilla.org/en-US/docs/Web/HTTP/Status/401
An exception occurred.`;

const framed = (words: string) => `
╭─ Error ──────────────────────────────────────────────────────────────────────╮
│ ${words.padEnd(76)} │
╰──────────────────────────────────────────────────────────────────────────────╯`;

const thresholdExceeded = `
Traceback (most recent call last):
  File "/opt/env/lib/python3.11/site-packages/prefect/utilities/services.py", line 151, in critical_service_loop
    raise RuntimeError("Service exceeded error threshold.")
RuntimeError: Service exceeded error threshold.
An exception occurred.`;

const badSetting = `
Traceback (most recent call last):
  File "/opt/env/lib/python3.11/site-packages/pydantic/main.py", line 250, in __init__
    validated_self = self.__pydantic_validator__.validate_python(data, self_instance=self)
pydantic_core._pydantic_core.ValidationError: 1 validation error for ClientSettings
max_retries
  Input should be a valid integer, unable to parse string as an integer [type=int_parsing, input_value='many', input_type=str]
    For further information visit https://errors.pydantic.dev/2.12/v/int_parsing`;

const known: readonly (readonly [string, number, string, string, string, RegExp | undefined])[] = [
  [
    "FastAPI that is too new",
    1,
    `${startup}
Traceback (most recent call last):
  File "/opt/env/lib/python3.11/site-packages/prefect/server/api/concurrency_limits_v2.py", line 305, in <module>
    names: list[str] = Body(min_items=1),
TypeError: Body() got an unexpected keyword argument 'min_items'`,
    "config",
    "its FastAPI is too new for this Prefect",
    /fastapi<0\.151/,
  ],
  [
    "a missing module",
    1,
    `
Traceback (most recent call last):
  File "/opt/env/bin/prefect", line 5, in <module>
    from prefect.cli import app
ModuleNotFoundError: No module named 'prefect.cli'`,
    "config",
    "the Python module prefect.cli is missing",
    /lock file/,
  ],
  [
    "a module of another version",
    1,
    `
ImportError: cannot import name 'Undefined' from 'pydantic.fields' (/opt/env/pydantic/fields.py)`,
    "config",
    "a Python module cannot be imported: cannot import name 'Undefined' from 'pydantic.fields' (/opt/env/pydantic/fields.py)",
    /lock file/,
  ],
  [
    "a port that is taken",
    1,
    `
Port 4200 is already in use. Please specify a different port with the \`--port\` flag.`,
    "crash",
    "port 4200 is taken by another program",
    /server\.port/,
  ],
  [
    "a port that is taken, with a server.pid",
    1,
    `
A background server process is already running on port 4200. Run \`prefect server stop\` to stop it or specify a different port with the \`--port\` flag.`,
    "crash",
    "port 4200 is taken by another program",
    /server\.port/,
  ],
  [
    "a host that is none",
    1,
    `
Invalid host 'no.such.host.invalid'. Please specify a valid hostname or IP address.`,
    "config",
    "server.host, no.such.host.invalid, is no address of this machine",
    /server\.host/,
  ],
  [
    "a database that is newer",
    3,
    sqlite("alembic.util.exc.CommandError: Can't locate revision identified by '9e83011d1f2a'"),
    "config",
    "its database is newer than this Prefect (revision 9e83011d1f2a)",
    /newer Prefect.*backup/,
  ],
  [
    "a disk that is full, by SQLite",
    3,
    sqlite("sqlalchemy.exc.OperationalError: (sqlite3.OperationalError) database or disk is full"),
    "crash",
    "the disk is full",
    /prefect\.home/,
  ],
  [
    "a disk that is full, by the kernel",
    1,
    `
OSError: [Errno 28] No space left on device: '/data/prefect/memo_store.toml'`,
    "crash",
    "the disk is full",
    /prefect\.home/,
  ],
  [
    "a file that is no database",
    3,
    sqlite("sqlalchemy.exc.DatabaseError: (sqlite3.DatabaseError) file is not a database"),
    "config",
    "prefect.db is damaged or no SQLite database",
    /backup/,
  ],
  [
    "a damaged database",
    3,
    sqlite(
      "sqlalchemy.exc.DatabaseError: (sqlite3.DatabaseError) database disk image is malformed",
    ),
    "config",
    "prefect.db is damaged or no SQLite database",
    /backup/,
  ],
  [
    "a database that cannot be opened",
    3,
    sqlite(
      "sqlalchemy.exc.OperationalError: (sqlite3.OperationalError) unable to open database file",
    ),
    "config",
    "the database cannot be opened for writing",
    /owner and rights/,
  ],
  [
    "a database that may only be read",
    3,
    sqlite(
      "sqlalchemy.exc.OperationalError: (sqlite3.OperationalError) attempt to write a readonly database",
    ),
    "config",
    "the database cannot be opened for writing",
    /owner and rights/,
  ],
  [
    "a folder that is somebody else's",
    1,
    `
PermissionError: [Errno 13] Permission denied: '/data/prefect/profiles.toml'`,
    "config",
    "it may not read or write /data/prefect/profiles.toml",
    /owner and rights/,
  ],
  [
    "an option that 3.6 does not know",
    2,
    `
Usage: prefect worker start [OPTIONS]
Try 'prefect worker start --help' for help.${framed("No such option: --no-create-pool-if-not-found")}`,
    "config",
    "this Prefect does not know the option --no-create-pool-if-not-found",
    /3\.6\.4 is the oldest/,
  ],
  [
    "an option that 3.9 does not know, with status 1",
    1,
    framed("Unknown option: --with-healthcheck."),
    "config",
    "this Prefect does not know the option --with-healthcheck",
    /3\.6\.4 is the oldest/,
  ],
  [
    "a setting that cannot be understood",
    1,
    badSetting,
    "config",
    "1 of its settings (ClientSettings) cannot be understood",
    /prefect\.env_file/,
  ],
  [
    "a password that is not the server's",
    1,
    unauthorized,
    "config",
    "the server does not accept the password",
    /server\.auth_file/,
  ],
  [
    "an API that is away at the start, 3.6",
    1,
    `
httpx.ConnectError: All connection attempts failed
An exception occurred.`,
    "dependency",
    "Prefect's API did not answer it",
    undefined,
  ],
  [
    "an API that is away at the start, 3.8",
    1,
    `
Unable to reach the Prefect API to determine the type of work pool 'runs': All connection attempts failed. Provide a worker type with '--type' to start a worker while the API is unavailable.`,
    "dependency",
    "Prefect's API did not answer it",
    undefined,
  ],
  [
    "an API whose name is not found",
    1,
    `
socket.gaierror: [Errno -3] Temporary failure in name resolution
httpx.ConnectError: [Errno -3] Temporary failure in name resolution
An exception occurred.`,
    "dependency",
    "Prefect's API did not answer it",
    undefined,
  ],
  [
    "an API that was away for a quarter of an hour",
    1,
    thresholdExceeded,
    "dependency",
    "Prefect's API did not answer it",
    undefined,
  ],
];

describe.each([
  ["a server", explainPrefectExit],
  ["a worker", explainWorkerExit],
])("%s", (_, explain) => {
  test.each(known)("%s", (_what, code, said, kind, detail, cure) => {
    const cause = explain(exited(code), lines(said));
    expect(cause).toMatchObject({ kind, detail, summary: `exited with status ${code}` });
    if (cure === undefined) expect(cause).not.toHaveProperty("cure");
    else expect(cause.cure).toMatch(cure);
  });

  test("SIGKILL says who may have been it, whatever was said before", () => {
    const killed = { kind: "signaled", signal: "SIGKILL" } as const;
    expect(explain(killed, lines(thresholdExceeded))).toEqual({
      kind: "crash",
      summary: "was ended by SIGKILL",
      detail: "by somebody, or by the kernel for want of memory",
      cure: "`journalctl -k | grep -i 'out of memory'` shows whether it was the kernel",
    });
  });

  test.each(["SIGTERM", "SIGHUP", "SIGSEGV"] as const)(
    "%s is not blamed on old words",
    (signal) => {
      const cause = explain({ kind: "signaled", signal }, lines(badSetting));
      expect(cause).toMatchObject({ kind: "crash", summary: `was ended by ${signal}` });
      expect(cause).not.toHaveProperty("cure");
    },
  );

  test("a program that is missing is told as everywhere", () => {
    const message = "/opt/env/bin/prefect: no such file";
    expect(explain({ kind: "spawn-failed", code: "ENOENT", message }, [])).toEqual({
      kind: "config",
      summary: `could not be started: ${message}`,
    });
  });

  test("what nobody knows is a crash, with the last line that says something", () => {
    const said = [
      "Traceback (most recent call last):",
      "ValueError: no idea",
      "ERROR:    Application startup failed. Exiting.",
      "Server stopped!",
      "",
    ];
    expect(explain(exited(1), said)).toEqual({
      kind: "crash",
      summary: "exited with status 1",
      detail: "ValueError: no idea",
    });
  });

  test("an unknown complaint is taken out of its frame", () => {
    const said = lines(framed("Invalid value for --pool."));
    expect(explain(exited(2), said)).toEqual({
      kind: "config",
      summary: "exited with status 2",
      detail: "Invalid value for --pool.",
    });
  });

  test("of several complaints the last one is what it ended of", () => {
    const said = lines(`
OSError: [Errno 28] No space left on device
ModuleNotFoundError: No module named 'old'
${badSetting}`);
    expect(explain(exited(1), said).detail).toMatch(/ClientSettings/);
    expect(explain(exited(1), said.toReversed()).detail).toBe("the disk is full");
  });
});

describe("the output of flow runs in that of their worker", () => {
  /** As 3.8 has it, of a flow whose module is missing. */
  const failedFlow = `
Worker 'vm1-runs' started!
16:53:08.819 | ERROR   | Flow run 'imperial-shellfish' - Encountered exception during execution: ModuleNotFoundError("No module named 'canfar'")
Traceback (most recent call last):
  File "/project/flows.py", line 4, in bad
    import canfar
ModuleNotFoundError: No module named 'canfar'
16:53:09.067 | INFO    | Flow run 'imperial-shellfish' - Finished in state Failed("Flow run encountered an exception: ModuleNotFoundError: No module named 'canfar'")
16:53:09.069 | ERROR   | Flow run 'imperial-shellfish' - Engine execution exited with unexpected exception
Traceback (most recent call last):
  File "/project/flows.py", line 4, in bad
    import canfar
ModuleNotFoundError: No module named 'canfar'`;

  test("a worker that somebody ended has nothing missing, though its flow had", () => {
    const said = lines(`${failedFlow}
Received SIGTERM. Sending SIGINT to the process worker (PID 23932)...
Worker 'vm1-runs' stopped!`);
    expect(explainWorkerExit(exited(0), said)).toEqual({
      kind: "crash",
      summary: "exited with status 0",
    });
  });

  test("a worker that lost the API ended of that", () => {
    const said = lines(failedFlow + thresholdExceeded);
    expect(explainWorkerExit(exited(1), said).kind).toBe("dependency");
  });

  test("a worker that ended of something unknown is not blamed on its flow", () => {
    const calls = Array.from({ length: 6 }, (_, i) => `  File "base.py", line ${i}\n    go()`);
    const said = lines(`${failedFlow}
Traceback (most recent call last):
${calls.join("\n")}
prefect.exceptions.ObjectNotFound: Http 404
An exception occurred.`);
    expect(explainWorkerExit(exited(1), said)).toEqual({
      kind: "crash",
      summary: "exited with status 1",
      detail: "prefect.exceptions.ObjectNotFound: Http 404",
    });
  });

  test.each([
    "16:53:09.067 | INFO    | Flow run 'a' - Finished in state Failed(\"ImportError: no\")",
    "16:53:09.067 | ERROR   | Task run 'a-0' - Client error '401 Unauthorized' for url 'https://archive.example.org'",
    "16:53:10.000 | ERROR   | prefect.flow_runs.worker - PermissionError: [Errno 13] Permission denied: '/x'",
    '{"name": "prefect.flow_runs", "levelname": "ERROR", "message": "No space left on device"}',
  ])("%s says nothing of the worker", (line) => {
    const cause = explainWorkerExit(exited(1), [line, "bye"]);
    expect(cause).toEqual({ kind: "crash", summary: "exited with status 1", detail: "bye" });
  });
});
