/** Style and script of the status page. They are part of it, so that it loads nothing. */
export const pageStyle = `
:root {
  color-scheme: light dark;
  --page: #f6f7f9; --card: #fff; --text: #1b1f24; --soft: #57606a; --line: #d8dee4; --link: #0b5cad;
  --good: #18794e; --bad: #c62a2f; --wait: #8a5d00;
  --good-card: #edf8f2; --bad-card: #fdeeee; --wait-card: #fdf6e3;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #0f1216; --card: #171b21; --text: #e6e9ed; --soft: #9aa4af; --line: #2b323b; --link: #7cb8ff;
    --good: #4cc38a; --bad: #ff8f8f; --wait: #f1c21b;
    --good-card: #12261c; --bad-card: #2e1719; --wait-card: #2a220d;
  }
}
* { box-sizing: border-box; }
body { background: var(--page); color: var(--text); font: 1rem/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 76rem; padding: 1rem; }
a { color: var(--link); }
h1 { font-size: 1.1rem; margin: 0; }
h2, caption { font-size: 1rem; font-weight: 600; margin: 0; padding: 0 0 .5rem; text-align: left; }
header { align-items: baseline; display: flex; flex-wrap: wrap; gap: .25rem 2rem; justify-content: space-between; padding: 0 .25rem .75rem; }
nav ul { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; list-style: none; margin: 0; padding: 0; }
.verdict { border-left: .4rem solid; border-radius: .5rem; font-size: 1.35rem; font-weight: 600; line-height: 1.35; margin: 0; overflow-wrap: anywhere; padding: .8rem 1rem; }
.verdict.good, .concerns li { background: var(--good-card); } .verdict.bad, .concerns .bad { background: var(--bad-card); } .verdict.wait, .concerns .wait { background: var(--wait-card); }
.concerns { display: grid; gap: .5rem; list-style: none; margin: .75rem 0 0; padding: 0; }
.concerns li { border-radius: .5rem; color: var(--text); overflow-wrap: anywhere; padding: .6rem 1rem; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: .5rem; margin-top: 1rem; padding: .9rem 1rem .4rem; }
table { border-collapse: collapse; width: 100%; }
th, td { border-top: 1px solid var(--line); padding: .45rem 1rem .45rem 0; text-align: left; vertical-align: top; white-space: nowrap; }
thead th { border: 0; color: var(--soft); font-size: .85rem; font-weight: 500; padding: 0 1rem .25rem 0; }
td { font-variant-numeric: tabular-nums; }
td:last-child, .text { overflow-wrap: anywhere; padding-right: 0; white-space: normal; width: 100%; }
th[scope=row] { font-weight: 600; }
.long { min-width: 9rem; overflow-wrap: anywhere; white-space: normal; }
.long ~ td:last-child { width: auto; }
.good { color: var(--good); } .bad { color: var(--bad); } .wait { color: var(--wait); }
.state { font-weight: 600; white-space: nowrap; }
.state::before { content: "\\25cb\\00a0"; } .state.good::before { content: "\\25cf\\00a0"; } .state.bad::before { content: "\\25a0\\00a0"; } .state.wait::before { content: "\\25b2\\00a0"; }
code { font: .9em/1 ui-monospace, monospace; overflow-wrap: anywhere; }
.next, footer, #link, time { color: var(--soft); font-size: .9rem; }
td > time { color: inherit; font-size: inherit; }
footer { margin: 1rem .25rem; overflow-wrap: anywhere; }
@media (max-width: 56rem) {
  thead { clip-path: inset(50%); height: 1px; overflow: hidden; position: absolute; width: 1px; }
  tbody tr { border-top: 1px solid var(--line); display: grid; gap: 0 1rem; grid-template-columns: 1fr auto; padding: .5rem 0; }
  tbody th, td { border: 0; grid-column: 1 / -1; min-width: 0; overflow-wrap: anywhere; padding: 0; white-space: normal; }
  tbody th { grid-area: 1 / 1; }
  td.state { grid-area: 1 / 2; }
  td:empty { display: none; }
  td[data-label]::before { color: var(--soft); content: attr(data-label) ": "; }
}
`;

/** Takes the live part of the page anew after each change. Without it the page is as it was loaded. */
export const pageScript = `
const byId = (id, page = document) => page.getElementById(id);
const link = byId("link");
let due;
function show(fresh) {
  document.title = fresh.title;
  const [verdict, said] = [byId("verdict"), byId("verdict", fresh)];
  // A screen reader says it again when it is touched.
  if (verdict.textContent !== said.textContent) verdict.textContent = said.textContent;
  verdict.className = said.className;
  const focused = document.activeElement?.closest("#live a")?.href;
  byId("live").replaceWith(document.adoptNode(byId("live", fresh)));
  [...document.querySelectorAll("#live a")].find(({ href }) => href === focused)?.focus({ preventScroll: true });
}
async function refresh() {
  due = undefined;
  // Somebody is about to copy something.
  if (!getSelection().isCollapsed) return;
  try {
    const page = await (await fetch("/")).text();
    show(new DOMParser().parseFromString(page, "text/html"));
    link.textContent = "";
  } catch {
    link.textContent = "The supervisor does not answer: this is what it said last.";
  }
}
const soon = () => { due ??= setTimeout(refresh, 300); };
const events = new EventSource("/api/v1/events");
events.addEventListener("status", soon);
events.addEventListener("open", soon);
events.addEventListener("error", soon);
setInterval(() => { if (!document.hidden) soon(); }, 30000);
document.addEventListener("visibilitychange", () => { if (!document.hidden) soon(); });
`;
