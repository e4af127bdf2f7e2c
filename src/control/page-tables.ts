/** The tables of the status page: units, pools, checks, flow runs. */
import { formatSpan, ms } from "../supervision/time.ts";
import { formatBytes } from "./bytes.ts";
import { type Html, html, prose } from "./html.ts";
import type {
  CheckStatus,
  EnvironmentStatus,
  EventEntry,
  JobStatus,
  PoolStatus,
  RunStatus,
  UnitStatus,
} from "./status.ts";
import { lateWords, type Tone } from "./verdict.ts";

export const unitTable = (units: readonly UnitStatus[], now: Date): Html =>
  table(
    "Units",
    ["Unit", "State", "For", "Restarts", "Why, and what comes next"],
    units.map((unit) => unitRow(unit, now)),
  );

/** @param prefectUrl where Prefect's own pages are, if anywhere */
export const poolTable = (
  pools: readonly PoolStatus[],
  prefectUrl: string | undefined,
  now: Date,
): Html =>
  table(
    "Pools",
    ["Pool", "Intake", "Running", "Why, and what to know"],
    pools.map((pool) => poolRow(pool, prefectUrl, now)),
  );

export const checkTable = (checks: readonly CheckStatus[], now: Date): Html =>
  table(
    "Checks",
    ["Check", "State", "For", "Why, and what comes next"],
    checks.map((check) => checkRow(check, now)),
  );

/** @param prefectUrl where Prefect's own pages are, if anywhere */
export const runTable = (
  runs: readonly RunStatus[],
  prefectUrl: string | undefined,
  now: Date,
): Html =>
  table(
    "Flow runs",
    ["Flow run", "Pool", "State", "For", "Memory", "Worker, and what to know"],
    runs.map((run) => runRow(run, prefectUrl, now)),
  );

export const time = (iso: string, words = iso): Html =>
  html`<time datetime="${iso}" title="${iso}">${words}</time>`;

const table = (
  caption: string,
  titles: readonly string[],
  rows: readonly Html[],
): Html => html`<section class="card"><table>
<caption>${caption}</caption>
<thead><tr>${titles.map((title) => html`<th scope="col">${title}</th>`)}</tr></thead>
<tbody>
${rows}
</tbody>
</table></section>`;

const unitRow = (unit: UnitStatus, now: Date): Html => html`<tr>
<th scope="row">${unit.name}</th>
<td class="state ${toneOf(unit)}">${unit.state}${unit.state === "running" && !unit.ready ? ", not ready" : ""}</td>
<td data-label="For">${since(unit.since, now)}</td>
<td data-label="Restarts">${unit.restarts}</td>
<td>${prose(unit.reason)}${unit.next === null ? [] : aside(`Next: ${unit.next}`)}</td>
</tr>
`;

function toneOf({ desired, ready, state }: UnitStatus): Tone | "" {
  if (ready) return "good";
  if (desired === "down") return "";
  return state === "backoff" || state === "running" ? "bad" : "wait";
}

const poolRow = (pool: PoolStatus, prefectUrl: string | undefined, now: Date): Html => html`<tr>
<th scope="row">${linked(pool.name, prefectUrl, "work-pools/work-pool", pool.name)}</th>
<td class="state ${intakeTones[pool.intake]}">${pool.intake}</td>
<td data-label="Running">${pool.runs}${pool.concurrencyLimit === null ? "" : ` of ${pool.concurrencyLimit}`}</td>
<td>${remarks(pool, now)}</td>
</tr>
`;

const intakeTones = {
  open: "good",
  draining: "wait",
  drained: "",
  paused: "wait",
} as const satisfies Record<PoolStatus["intake"], Tone | "">;

const remarks = ({ why, late, drainDeadline, detached }: PoolStatus, now: Date): readonly Html[] =>
  lines(
    ...(late === null || late === 0 ? [] : [html`${lateWords(late)}`]),
    ...(why === null ? [] : [html`${prose(why)}`]),
    ...(drainDeadline === null
      ? []
      : [html`<span class="next">Gives up waiting in ${until(drainDeadline, now)}</span>`]),
    ...(detached
      ? []
      : [
          html`<span class="next">Its flow runs are not detached: they are lost when its worker dies</span>`,
        ]),
  );

const checkRow = (check: CheckStatus, now: Date): Html => html`<tr>
<th scope="row">${check.name}</th>
<td class="state ${checkTones[check.state]}">${check.state}</td>
<td data-label="For">${since(check.since, now)}</td>
<td>${lines(
  html`${prose(check.reason)}`,
  html`<span class="next">Next: ${check.next}${keeps(check)}</span>`,
)}</td>
</tr>
`;

const checkTones = {
  ok: "good",
  warn: "wait",
  fail: "bad",
  hangs: "bad",
  unknown: "wait",
} as const satisfies Record<CheckStatus["state"], Tone>;

const keeps = ({ pools }: CheckStatus): string =>
  pools.length === 0 ? "" : `. Required by ${pools.join(", ")}`;

const lines = (...all: readonly Html[]): readonly Html[] =>
  all.map((line, i) => (i === 0 ? line : html`<br>${line}`));

const runRow = (run: RunStatus, prefectUrl: string | undefined, now: Date): Html => html`<tr>
<th scope="row" class="long">${linked(run.name ?? run.id.slice(0, 8), prefectUrl, "runs/flow-run", run.id)}</th>
<td class="long" data-label="Pool">${run.pool}</td>
<td class="state ${run.state === "Running" ? "good" : "wait"}">${run.state ?? "not known yet"}</td>
<td data-label="For">${since(run.startedAt, now)}</td>
<td data-label="Memory">${run.rssBytes === null ? "not known" : formatBytes(run.rssBytes)}</td>
<td data-label="Worker">${attachments[run.attachment]}${run.note === null ? [] : aside(run.note)}</td>
</tr>
`;

export const environmentTable = (environment: EnvironmentStatus, now: Date): Html =>
  table(
    "Python environment",
    ["Path", "State", "For", "Versions", "Why, and what comes next"],
    [environmentRow(environment, now)],
  );

const environmentRow = (environment: EnvironmentStatus, now: Date): Html => html`<tr>
<th scope="row" class="long">${environment.path}</th>
<td class="state ${environmentTones[environment.state]}">${environment.state}</td>
<td data-label="For">${since(environment.since, now)}</td>
<td data-label="Versions">Prefect ${environment.prefect ?? "not known"}, Python ${environment.python ?? "not known"}</td>
<td>${prose(environment.reason)}${environment.next === null ? [] : aside(`Next: ${environment.next}`)}</td>
</tr>
`;

const environmentTones = {
  "as-is": "",
  looking: "wait",
  building: "wait",
  waiting: "wait",
  "in-step": "good",
  held: "wait",
  failed: "bad",
  hangs: "bad",
} as const satisfies Record<EnvironmentStatus["state"], Tone | "">;

export const jobTable = (jobs: readonly JobStatus[], now: Date): Html =>
  table(
    "Jobs",
    ["Job", "Last result", "Begun", "Next", "What came of it"],
    jobs.map((job) => jobRow(job, now)),
  );

const jobRow = (job: JobStatus, now: Date): Html => html`<tr>
<th scope="row">${job.name}</th>
<td class="state ${jobTone(job)}">${job.running === null ? (job.last?.result ?? "not run yet") : "running"}</td>
<td data-label="Begun">${job.last === null ? "never" : html`${since(job.last.startedAt, now)} ago`}</td>
<td data-label="Next">${job.next === null ? "by order" : html`in ${until(job.next, now)}`}</td>
<td>${job.running?.step ?? job.last?.message ?? ""}${job.last === null || job.last.cure === null ? [] : aside(`What to do: ${job.last.cure}`)}</td>
</tr>
`;

function jobTone({ running, last }: JobStatus): Tone | "" {
  if (running !== null) return "wait";
  if (last === null) return "";
  return last.result === "succeeded" ? "good" : "bad";
}

export const eventTable = (events: readonly EventEntry[], now: Date): Html =>
  table(
    "Last events",
    ["Ago", "Kind", "What happened, and why"],
    events.map((event) => eventRow(event, now)),
  );

const eventRow = ({ at, level, text }: EventEntry, now: Date): Html => html`<tr>
<th scope="row">${since(at, now)}</th>
<td class="state ${levelTones[level]}">${levelWords[level]}</td>
<td>${prose(text)}</td>
</tr>
`;

const levelTones = {
  info: "",
  notice: "good",
  warn: "wait",
  error: "bad",
} as const satisfies Record<EventEntry["level"], Tone | "">;

const levelWords = {
  info: "note",
  notice: "news",
  warn: "warning",
  error: "fault",
} as const satisfies Record<EventEntry["level"], string>;

const attachments = {
  attached: "attached",
  orphaned: "orphaned: its worker is gone",
} as const satisfies Record<RunStatus["attachment"], string>;

/** @param kind the folder of Prefect's page of it */
function linked(words: string, prefectUrl: string | undefined, kind: string, id: string): Html {
  if (prefectUrl === undefined) return html`${words}`;
  const page = `${prefectUrl.replace(/\/+$/, "")}/${kind}/${encodeURIComponent(id)}`;
  return html`<a href="${page}">${words}</a>`;
}

const aside = (words: string): readonly Html[] => [
  html`<br><span class="next">${prose(words)}</span>`,
];

const since = (iso: string, now: Date): Html => time(iso, spanBetween(Date.parse(iso), +now));

const until = (iso: string, now: Date): Html => time(iso, spanBetween(+now, Date.parse(iso)));

const spanBetween = (from: number, to: number): string => formatSpan(ms(Math.max(0, to - from)));
