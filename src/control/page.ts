/** The status page: complete as the server sends it, so that it needs no script. */
import { hash } from "node:crypto";
import { type Html, html } from "./html.ts";
import { pageScript, pageStyle } from "./page-assets.ts";
import {
  checkTable,
  environmentTable,
  jobTable,
  poolTable,
  runTable,
  type Tone,
  time,
  unitTable,
} from "./page-tables.ts";
import type { WholeReply } from "./reply.ts";
import type { Problem, RunStatus, Status } from "./status.ts";

export const statusPage = (status: Status, runs: readonly RunStatus[], now: Date): WholeReply => ({
  kind: "whole",
  status: 200,
  headers: {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": contentSecurityPolicy,
    "Referrer-Policy": "no-referrer",
  },
  body: page(status, runs, now).html,
});

const sha256 = (source: string): string => `'sha256-${hash("sha256", source, "base64")}'`;

const contentSecurityPolicy = [
  "default-src 'none'",
  `script-src ${sha256(pageScript)}`,
  `style-src ${sha256(pageStyle)}`,
  "connect-src 'self'",
  // Or the browser asks for /favicon.ico; the page brings an empty one.
  "img-src data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

function page(status: Status, runs: readonly RunStatus[], now: Date): Html {
  const { supervisor, units, pools, checks, jobs, environment, problems } = status;
  const verdict = verdictOf(status);
  return html`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<title>${verdict.words}: sails-supervisor</title>
<style>${{ html: pageStyle }}</style>
<body>
<header>
<h1>sails-supervisor</h1>
<nav aria-label="Elsewhere"><ul>
${links(supervisor).map(({ href, words }) => html`<li><a href="${href}">${words}</a></li>`)}
</ul></nav>
</header>
<main id="live">
<p class="state ${verdict.tone}" role="status">${verdict.words}</p>
${problems.length === 0 ? [] : [problemList(problems)]}
${unitTable(units, now)}
${pools.length === 0 ? [] : [poolTable(pools, now)]}
${checks.length === 0 ? [] : [checkTable(checks, now)]}
${runSection(status, runs, now)}
${jobs.length === 0 ? [] : [jobTable(jobs, now)]}
${environment === null ? [] : [environmentTable(environment, now)]}
<footer>Version ${supervisor.version}, process ${supervisor.pid}, started ${time(supervisor.startedAt)}.
Configuration: ${supervisor.config ?? "the defaults"}. State: ${supervisor.stateDir}.</footer>
</main>
<p id="link" role="status"></p>
<script type="module">${{ html: pageScript }}</script>
</body>
</html>
`;
}

function verdictOf({ ready, supervisor, units, problems }: Status): { words: string; tone: Tone } {
  if (supervisor.phase !== "running")
    return { words: `The supervisor is ${supervisor.phase}`, tone: "wait" };
  const unready = units.filter((unit) => unit.desired === "up" && !unit.ready).length;
  if (unready > 0) return { words: `${unready} of ${units.length} units not ready`, tone: "bad" };
  if (!ready) return { words: "Not ready", tone: "bad" };
  if (problems.length > 0)
    return { words: `Ready, with problems: ${problems.length}`, tone: "wait" };
  return { words: "All is well", tone: "good" };
}

/** Nothing is said of flow runs where there is no pool that could have some. */
function runSection(
  { pools, supervisor }: Status,
  runs: readonly RunStatus[],
  now: Date,
): readonly Html[] {
  if (runs.length > 0) return [runTable(runs, webAddress(supervisor.prefectUiUrl), now)];
  return pools.length === 0 ? [] : [html`<p>No flow run has a process here.</p>`];
}

/** A configured address must not become a script in the reader's browser. */
const webAddress = (url: string | null): string | undefined =>
  url !== null && /^https?:\/\//i.test(url) ? url : undefined;

interface Link {
  readonly href: string;
  readonly words: string;
}

function links({ prefectUiUrl }: Status["supervisor"]): readonly Link[] {
  const prefect = webAddress(prefectUiUrl);
  return [
    ...(prefect === undefined ? [] : [{ href: prefect, words: "Prefect" }]),
    { href: "/readyz?verbose", words: "Readiness" },
    { href: "/metrics", words: "Metrics" },
    { href: "/api/v1/status", words: "Status as JSON" },
    { href: "/api/v1/runs", words: "Flow runs as JSON" },
  ];
}

const problemList = (
  problems: readonly Problem[],
): Html => html`<section aria-labelledby="problems">
<h2 id="problems">Problems</h2>
<ul>
${problems.map(({ what, cure }) => html`<li>${what}${cure === null ? [] : [html`<br><span class="next">${cure}</span>`]}</li>\n`)}
</ul>
</section>`;
