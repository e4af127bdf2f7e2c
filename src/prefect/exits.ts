/** Reads out of what Prefect's processes said before they ended why they did, and what can be done. */
import {
  type Cause,
  describeExit,
  type Exit,
  type Explain,
  explainExit,
  isClean,
} from "../supervision/exit.ts";

interface Sign {
  /** Global: of several finds, the last one counts. */
  readonly says: RegExp;
  readonly kind: Cause["kind"];
  readonly detail: (found: RegExpExecArray) => string;
  readonly cure?: string;
}

const rebuild =
  "Add it to the project, make the lock file again, and build the environment from it";

const signs: readonly Sign[] = [
  {
    says: /unexpected keyword argument 'min_items'/g,
    kind: "config",
    detail: () => "its FastAPI is too new for this Prefect",
    cure: "Lock fastapi<0.151 and build the environment again",
  },
  {
    says: /ModuleNotFoundError: No module named '([^']+)'/g,
    kind: "config",
    detail: ([, name]) => `the Python module ${name} is missing`,
    cure: rebuild,
  },
  {
    says: /ImportError: (.{1,200})/g,
    kind: "config",
    detail: ([, words]) => `a Python module cannot be imported: ${words}`,
    cure: rebuild,
  },
  {
    says: /Port (\d+) is already in use|already running on port (\d+)/g,
    kind: "crash",
    detail: ([, port, held]) => `port ${port ?? held} is taken by another program`,
    cure: "Stop that program, or set server.port to a free port",
  },
  {
    says: /Can't locate revision identified by '([^']+)'/g,
    kind: "config",
    detail: ([, revision]) => `its database is newer than this Prefect (revision ${revision})`,
    cure: "Go back to the newer Prefect, or restore a backup of the database from before the upgrade",
  },
  {
    says: /No space left on device|database or disk is full|Errno 28/g,
    kind: "crash",
    detail: () => "the disk is full",
    cure: "Free space on the volume of prefect.home (`df -h` shows it)",
  },
  {
    says: /file is not a database|database disk image is malformed/g,
    kind: "config",
    detail: () => "prefect.db is damaged or no SQLite database",
    cure: "Restore a backup of it",
  },
  {
    says: /unable to open database file|attempt to write a readonly database/g,
    kind: "config",
    detail: () => "the database cannot be opened for writing",
    cure: "Look at owner and rights of the folder prefect.home and of prefect.db in it",
  },
  {
    says: /(?:PermissionError|Permission denied)[^\n]{0,60}?'([^']+)'/g,
    kind: "config",
    detail: ([, path]) => `it may not read or write ${path}`,
    cure: "Look at owner and rights of that path",
  },
  {
    // The second form is that of 3.8 and later, which in 3.9 exits with status 1.
    says: /(?:No such|Unknown) option: ?"?([^\s".]+)/g,
    kind: "config",
    detail: ([, option]) => `this Prefect does not know the option ${option}`,
    cure: "Prefect 3.6.4 is the oldest that is supported: look which one the environment has",
  },
  {
    says: /(\d+) validation errors? for (\w*Settings)/g,
    kind: "config",
    detail: ([, count, group]) => `${count} of its settings (${group}) cannot be understood`,
    cure: "Look at prefect.env and at the variables in the file of prefect.env_file; its log names them",
  },
  {
    says: /401 Unauthorized/g,
    kind: "config",
    detail: () => "the server does not accept the password",
    cure: "server.auth_file must hold what the server has",
  },
  {
    says: /Invalid host '([^']*)'/g,
    kind: "config",
    detail: ([, host]) => `server.host, ${host}, is no address of this machine`,
    cure: "Set server.host to 127.0.0.1, to 0.0.0.0 or to an address of this machine",
  },
  {
    says: /Unable to reach the Prefect API|Service exceeded error threshold|All connection attempts failed|httpx\.Connect(?:Error|Timeout)/g,
    kind: "dependency",
    detail: () => "Prefect's API did not answer it",
  },
];

/** For a process of Prefect's, from its exit and its last lines. */
export const explainPrefectExit: Explain = (exit, lastLines) => explain(exit, lastLines, lastLines);

/** For a worker: its output holds that of its flow runs too, and their misfortunes are not its own. */
export const explainWorkerExit: Explain = (exit, lastLines) =>
  explain(exit, lastLines, wordsOfWorker(lastLines));

function explain(exit: Exit, lastLines: readonly string[], own: readonly string[]): Cause {
  if (exit.kind === "signaled" && exit.signal === "SIGKILL") return killed(exit);
  // Who ends well had no trouble, whatever it told of before.
  const sign = exit.kind === "exited" && !isClean(exit) ? lastSign(own.join("\n")) : undefined;
  if (sign === undefined) return explainExit(exit, telling(lastLines));
  const [{ kind, detail, cure }, found] = sign;
  const known = { kind, summary: describeExit(exit), detail: detail(found) };
  return cure === undefined ? known : { ...known, cure };
}

/** What stands nearest to the end is what it ended of: before it may stand what it has survived. */
function lastSign(said: string): readonly [Sign, RegExpExecArray] | undefined {
  let last: readonly [Sign, RegExpExecArray] | undefined;
  for (const sign of signs) {
    const found = [...said.matchAll(sign.says)].at(-1);
    if (found !== undefined && (last === undefined || found.index > last[1].index)) {
      last = [sign, found];
    }
  }
  return last;
}

const ofFlowRun = /Flow run '|Task run '|prefect\.flow_runs|prefect\.task_runs/;
/** Of a traceback of the worker's own, the end. One of a flow run stands before it. */
const ownLines = 12;

function wordsOfWorker(lastLines: readonly string[]): readonly string[] {
  const after = lastLines.findLastIndex((line) => ofFlowRun.test(line)) + 1;
  return lastLines
    .slice(after)
    .filter((line) => line.trim() !== "")
    .slice(-ownLines);
}

const sayNothing =
  /^(An exception occurred\.|Server stopped!|ERROR: +Application startup failed.*)?$/;

/** Without frames, and without what is said at any end. */
const telling = (lastLines: readonly string[]): readonly string[] =>
  lastLines
    .map((line) => line.replace(/[│╭╮╰╯─]+/g, "").trim())
    .filter((line) => !sayNothing.test(line));

const killed = (exit: Exit): Cause => ({
  kind: "crash",
  summary: describeExit(exit),
  detail: "by somebody, or by the kernel for want of memory",
  cure: "`journalctl -k | grep -i 'out of memory'` shows whether it was the kernel",
});
