/** Style and script of the status page. They are part of it, so that it loads nothing. */
export const pageStyle = `
:root { color-scheme: light dark; --line: #8884; --good: #18794e; --bad: #c62a2f; --wait: #946800; }
@media (prefers-color-scheme: dark) { :root { --good: #4cc38a; --bad: #ff8b8b; --wait: #f1c21b; } }
* { box-sizing: border-box; }
body { font: 1rem/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 72rem; padding: 1rem; }
h1 { font-size: 1.4rem; margin: 0; }
h2, caption { font-size: 1.1rem; font-weight: 600; margin: 1.5rem 0 .5rem; text-align: left; }
nav ul { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; list-style: none; padding: 0; }
table { border-collapse: collapse; width: 100%; }
th, td { border-bottom: 1px solid var(--line); padding: .4rem .75rem .4rem 0; text-align: left; vertical-align: top; white-space: nowrap; }
td:last-child { overflow-wrap: anywhere; white-space: normal; width: 100%; }
th[scope=row] { font-weight: 600; }
.long { min-width: 9rem; overflow-wrap: anywhere; white-space: normal; }
.long ~ td:last-child { width: auto; }
.good { color: var(--good); } .bad { color: var(--bad); } .wait { color: var(--wait); }
.state { font-weight: 600; white-space: nowrap; }
.next, footer, #link { opacity: .8; font-size: .9rem; }
footer { margin-top: 1rem; }
@media (max-width: 56rem) {
  thead { position: absolute; clip-path: inset(50%); height: 1px; overflow: hidden; }
  tr { border-bottom: 1px solid var(--line); display: block; padding: .5rem 0; }
  tbody th, td { border: 0; display: block; overflow-wrap: anywhere; padding: 0; white-space: normal; }
  td[data-label]::before { content: attr(data-label) ": "; opacity: .8; }
}
`;

/** Takes the live part of the page anew after each change. Without it the page is as it was loaded. */
export const pageScript = `
const link = document.getElementById("link");
let due;
async function refresh() {
  due = undefined;
  try {
    const page = await (await fetch("/")).text();
    const fresh = new DOMParser().parseFromString(page, "text/html");
    document.getElementById("live").replaceWith(document.adoptNode(fresh.getElementById("live")));
    document.title = fresh.title;
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
