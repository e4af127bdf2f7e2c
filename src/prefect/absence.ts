/**
 * While Prefect's own server is away, somebody answers on its port. Its clients wait for one that
 * says so, for as long as it says so: they would give up on a port on which nothing listens.
 */
import { type Description, describe } from "../supervision/describe.ts";
import { type Millis, ms } from "../supervision/time.ts";
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

/** How soon a client asks again. */
const pause = ms(2_000);
/** By when it has done so: it takes up to a fifth more, and is sluggish. */
const backWithin = ms(pause * 1.2 + 500);

/** `wait`: it gets no answer yet. */
export type Recall =
  | { readonly kind: "wait" }
  | { readonly kind: "return"; readonly after: Millis; readonly backWithin: Millis };

/**
 * When a client is to ask again. While the server starts nothing listens, and some clients cannot
 * bear that, so whoever would come then is kept waiting until the server is there: connections that
 * have been accepted outlive the listening. Before that nobody is kept, for a client has few connections.
 */
export function recall(phase: Phase, now: Millis, isLeaving: boolean): Recall {
  const place = placeFor(phase);
  switch (place) {
    case "hold":
      return { kind: "wait" };
    case "stand": {
      return isLeaving || startsSoon(phase, now)
        ? { kind: "wait" }
        : { kind: "return", after: pause, backWithin };
    }
    case "leave":
      // Who waits through a start is not answered before its end.
      return { kind: "return", after: phase.kind === "running" ? ms(0) : pause, backWithin };
    default:
      return place satisfies never;
  }
}

function startsSoon(phase: Phase, now: Millis): boolean {
  if (phase.kind === "stopping") return phase.cause.kind !== "operator";
  return "until" in phase && phase.until - now <= backWithin;
}

/** Whether it knows how to wait: others want an answer, be it a browser, a monitor or ourselves. */
export const isPatient = (agent: string): boolean => agent.startsWith("prefect/");

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
  const seconds = Math.ceil(after / 1_000);
  const headers = { [maintenanceHeader]: "true", "Retry-After": String(seconds) };
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
    "Flow runs go on, and report when it is back. Workers wait for it. No run is lost.",
    "This answer is sails-supervisor's. A browser looks again every five seconds.",
    "",
    handStart,
    "",
  ].join("\n");

/** For whoever finds the port taken. */
export const handStart =
  "To run a server on this port by hand, set server.enabled to false and reload, or stop sails-supervisor first.";
