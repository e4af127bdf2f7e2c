/** The status page: complete as the server sends it, so that it needs no script. */
import { hash } from "node:crypto";
import { type Html, html, prose } from "./html.ts";
import { pageScript, pageStyle } from "./page-assets.ts";
import {
  checkTable,
  environmentTable,
  eventTable,
  jobTable,
  poolTable,
  runTable,
  time,
  unitTable,
} from "./page-tables.ts";
import type { WholeReply } from "./reply.ts";
import type { RunStatus, Status } from "./status.ts";
import { type Concern, concernsOf, verdictOf } from "./verdict.ts";

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
  const { supervisor, units, pools, checks, jobs, environment, events } = status;
  const verdict = verdictOf(status);
  const concerns = concernsOf(status);
  return html`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<title>${sentence(verdict.words)}: sails-supervisor</title>
<style>${{ html: pageStyle }}</style>
<body>
<header>
<h1>sails-supervisor</h1>
<nav aria-label="Elsewhere"><ul>
${links(supervisor).map(({ href, words }) => html`<li><a href="${href}">${words}</a></li>`)}
</ul></nav>
</header>
<main>
<p id="verdict" class="verdict ${verdict.tone}" role="status">${sentence(verdict.words)}</p>
<div id="live">
${concerns.length === 0 ? [] : [concernList(concerns)]}
${unitTable(units, now)}
${pools.length === 0 ? [] : [poolTable(pools, webAddress(supervisor.prefectUiUrl), now)]}
${runSection(status, runs, now)}
${checks.length === 0 ? [] : [checkTable(checks, now)]}
${jobs.length === 0 ? [] : [jobTable(jobs, now)]}
${environment === null ? [] : [environmentTable(environment, now)]}
${events.length === 0 ? [] : [eventTable(events.slice(0, shownEvents), now)]}
<footer>Version ${supervisor.version}, process ${supervisor.pid}, started ${time(supervisor.startedAt)}.
Configuration: ${supervisor.config ?? "the defaults"}. State: ${supervisor.stateDir}.</footer>
</div>
<p id="link" role="status"></p>
</main>
<script type="module">${{ html: pageScript }}</script>
</body>
</html>
`;
}

/** Of the last; the status has more. */
const shownEvents = 15;

const sentence = (words: string): string => words.charAt(0).toUpperCase() + words.slice(1);

/** Nothing is said of flow runs where there is no pool that could have some. */
function runSection(
  { pools, supervisor }: Status,
  runs: readonly RunStatus[],
  now: Date,
): readonly Html[] {
  if (runs.length > 0) return [runTable(runs, webAddress(supervisor.prefectUiUrl), now)];
  return pools.length === 0
    ? []
    : [
        html`<section class="card"><h2>Flow runs</h2><p>No flow run has a process here.</p></section>`,
      ];
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

const concernList = (
  concerns: readonly Concern[],
): Html => html`<section aria-label="What is wrong">
<ul class="concerns">
${concerns.map((concern) => html`<li class="${concern.tone}">${concernWords(concern)}</li>\n`)}
</ul>
</section>`;

const concernWords = ({ unit, what, next }: Concern): readonly Html[] => [
  unit === null ? html`${prose(sentence(what))}` : html`<strong>${unit}</strong> is ${prose(what)}`,
  ...(next === null
    ? []
    : [
        html`<br><span class="next">${unit === null ? "What to do" : "Next"}: ${prose(next)}</span>`,
      ]),
];
