/** The status page: complete as the server sends it, so that it needs no script. */
import { hash } from "node:crypto";
import { formatSpan, ms } from "../supervision/time.ts";
import { type Html, html } from "./html.ts";
import { pageScript, pageStyle } from "./page-assets.ts";
import type { WholeReply } from "./reply.ts";
import type { Problem, Status, UnitStatus } from "./status.ts";

export const statusPage = (status: Status, now: Date): WholeReply => ({
  kind: "whole",
  status: 200,
  headers: {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": contentSecurityPolicy,
    "Referrer-Policy": "no-referrer",
  },
  body: page(status, now).html,
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

function page(status: Status, now: Date): Html {
  const { supervisor, units, problems } = status;
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
<footer>Version ${supervisor.version}, process ${supervisor.pid}, started ${time(supervisor.startedAt)}.
Configuration: ${supervisor.config ?? "the defaults"}. State: ${supervisor.stateDir}.</footer>
</main>
<p id="link" role="status"></p>
<script type="module">${{ html: pageScript }}</script>
</body>
</html>
`;
}

type Tone = "good" | "bad" | "wait";

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

interface Link {
  readonly href: string;
  readonly words: string;
}

function links({ prefectUiUrl }: Status["supervisor"]): readonly Link[] {
  // A configured address must not become a script in the reader's browser.
  const isWeb = prefectUiUrl !== null && /^https?:\/\//i.test(prefectUiUrl);
  return [
    ...(isWeb ? [{ href: prefectUiUrl, words: "Prefect" }] : []),
    { href: "/readyz?verbose", words: "Readiness" },
    { href: "/metrics", words: "Metrics" },
    { href: "/api/v1/status", words: "Status as JSON" },
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

const unitTable = (units: readonly UnitStatus[], now: Date): Html => html`<table>
<caption>Units</caption>
<thead><tr><th scope="col">Unit</th><th scope="col">State</th><th scope="col">For</th><th scope="col">Restarts</th><th scope="col">Why, and what comes next</th></tr></thead>
<tbody>
${units.map((unit) => unitRow(unit, now))}
</tbody>
</table>`;

const unitRow = (unit: UnitStatus, now: Date): Html => html`<tr>
<th scope="row">${unit.name}</th>
<td class="state ${toneOf(unit)}">${unit.state}${unit.state === "running" && !unit.ready ? ", not ready" : ""}</td>
<td data-label="For">${time(unit.since, spanSince(unit.since, now))}</td>
<td data-label="Restarts">${unit.restarts}</td>
<td>${unit.reason}${unit.next === null ? [] : [html`<br><span class="next">Next: ${unit.next}</span>`]}</td>
</tr>
`;

function toneOf({ desired, ready, state }: UnitStatus): Tone | "" {
  if (ready) return "good";
  if (desired === "down") return "";
  return state === "backoff" || state === "running" ? "bad" : "wait";
}

const time = (iso: string, words = iso): Html =>
  html`<time datetime="${iso}" title="${iso}">${words}</time>`;

const spanSince = (iso: string, now: Date): string =>
  formatSpan(ms(Math.max(0, now.getTime() - Date.parse(iso))));
