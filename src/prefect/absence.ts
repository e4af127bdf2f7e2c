/**
 * While Prefect's own server is away, somebody answers on its port. Its clients wait for one that
 * says so, for as long as it says so: they would give up on a port on which nothing listens.
 */
import { type Description, describe } from "../supervision/describe.ts";
import { type Millis, ms, seconds } from "../supervision/time.ts";
import type { Phase } from "../supervision/unit-state.ts";
import type { UnitView } from "../supervision/unit-view.ts";
import type { StandInReply } from "./ports.ts";

/** `hold`: a start is being prepared, which asks for the port itself when it needs it. */
export type Place = "stand" | "hold" | "leave";

/** What is done with the server's port: where a process will need it, nobody else is. */
export function placeFor(phase: Phase): Place {
  switch (phase.kind) {
    case "backing-off":
    case "broken":
      return "stand";
    case "down":
      return phase.why === "operator" || phase.why === "never-started" ? "stand" : "leave";
    case "waiting":
      if (phase.blockers.length === 0) return "hold";
      return phase.blockers.some(({ kind }) => kind === "port") ? "leave" : "stand";
    case "stopping":
      // It closes its port first, and then takes its time; it never opens it again.
      return phase.cause.kind === "shutdown" ? "leave" : "stand";
    case "starting":
    case "running":
      return "leave";
    default:
      return phase satisfies never;
  }
}

/** Clients that have waited ask the server one after the other: with SQLite, many at once block it for a minute. */
const step = ms(100);
const longestQueue = seconds(5);

export const inTurn = (place: number): Millis => ms(Math.min(place * step, longestQueue));

/** How soon a client asks again. */
const pause = ms(2_000);
/** By when it has done so: it takes up to a fifth more, and is sluggish. */
const backWithin = ms(pause * 1.2 + 500);

export type Recall =
  /** It gets no answer yet. */
  | { readonly kind: "wait" }
  /** The server is there. */
  | { readonly kind: "ask" }
  | { readonly kind: "return"; readonly after: Millis; readonly backWithin: Millis };

/**
 * When a client is to ask again. While the server starts nothing listens, and some clients cannot
 * bear that, so whoever would come then is kept waiting until the server is there: connections that
 * have been accepted outlive the listening. Before that nobody is kept, for a client has few connections.
 */
export function recall(phase: Phase, now: Millis, isLeaving: boolean): Recall {
  if (phase.kind === "running") return { kind: "ask" };
  const place = placeFor(phase);
  const mustWait = place === "hold" || (place === "stand" && (isLeaving || startsSoon(phase, now)));
  // Whom a start has kept waiting for too long is sent away, too.
  return mustWait ? { kind: "wait" } : { kind: "return", after: pause, backWithin };
}

function startsSoon(phase: Phase, now: Millis): boolean {
  if (phase.kind === "stopping") return phase.cause.kind !== "operator";
  return "until" in phase && phase.until - now <= backWithin;
}

/** Whether it knows how to wait: others want an answer, be it a browser, a monitor or ourselves. */
export const isPatient = (agent: string): boolean => agent.startsWith("prefect/");

/**
 * How a websocket is kept waiting. Clients send their events by it, task runs among them, have
 * eleven tries for each event and take a connection that is refused with a status for the last one.
 * Those of Prefect 3.6, which say nothing of Prefect here, take a handshake without an answer for the
 * last one as well: they need one that is accepted and closed. The newer ones bear the silence, and
 * lose events when several connections of theirs are closed at once.
 */
export const acceptsWebsocket = (agent: string): boolean => !isPatient(agent);

export const maintenanceHeader = "Prefect-Maintenance";

export interface AbsenceParts {
  readonly server: UnitView;
  readonly now: Millis;
  readonly path: string;
  /** How soon to ask again. */
  readonly after: Millis;
  /** Whether whoever can reach the port may read why: not where the server itself asks for a password. */
  readonly isOpen: boolean;
}

/** The answer to a client of the API, or to a person with a browser. */
export function absenceReply({ server, now, path, after, isOpen }: AbsenceParts): StandInReply {
  const headers = { [maintenanceHeader]: "true", "Retry-After": String(after / 1_000) };
  const told = describe(server, now);
  const why = isOpen ? `: ${told.reason}` : "";
  if (path === "/api" || path.startsWith("/api/")) {
    const said = {
      exception_message: `Prefect's server is away${why}`,
      detail: "sails-supervisor answers in its place. Ask again later: it is waited for",
    };
    return {
      headers: { ...headers, "Content-Type": "application/json" },
      body: JSON.stringify(said),
    };
  }
  return {
    headers: {
      ...headers,
      "Content-Type": "text/plain; charset=utf-8",
      "X-Content-Type-Options": "nosniff",
      // Browsers heed it, whatever is shown.
      Refresh: "5",
    },
    body: page(told, isOpen),
  };
}

const page = ({ state, reason, next }: Description, isOpen: boolean): string =>
  [
    "Prefect's server is away",
    "",
    ...(isOpen
      ? [`It is ${state}: ${reason}.`, ...(next === undefined ? [] : [`Next: ${next}.`])]
      : [`It is ${state}. \`sails-supervisor status\` says why and what comes next.`]),
    "",
    "Flow runs go on, and report when it is back. Workers wait for it.",
    "This answer is sails-supervisor's. A browser looks again every five seconds.",
    "",
    handStart,
    "",
  ].join("\n");

/** For whoever finds the port taken. */
export const handStart =
  "To run a server on this port by hand, set server.enabled to false and reload, or stop sails-supervisor first.";
