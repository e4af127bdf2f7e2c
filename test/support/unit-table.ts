/** One state for each phase and one event for each kind, for the table of all their pairs. */
import type { Cause } from "../../src/supervision/exit.ts";
import { noRestarts } from "../../src/supervision/restart-policy.ts";
import { ms } from "../../src/supervision/time.ts";
import { transition } from "../../src/supervision/unit.ts";
import {
  type Blocker,
  type Phase,
  type Step,
  type UnitCommand,
  type UnitEvent,
  type UnitState,
} from "../../src/supervision/unit-state.ts";
import { rules } from "./unit-specs.ts";

const blocker: Blocker = { kind: "dependency", why: "server is starting" };
const crashed: Cause = { kind: "crash", summary: "exited with status 1" };
const [since, spawnedAt, until] = [ms(0), ms(0), ms(900)];
const alive = { since, spawnedAt, readySince: undefined, isQuiescing: false, rung: 0 };

export const phases: Readonly<Record<string, readonly [UnitState["desired"], Phase]>> = {
  down: ["down", { kind: "down", since, why: "operator" }],
  waiting: ["up", { kind: "waiting", since, blockers: [] }],
  starting: ["up", { kind: "starting", spawnedAt, until: ms(500) }],
  running: ["up", { kind: "running", spawnedAt, readySince: since, unready: undefined }],
  "stopping, to stay down": ["down", { kind: "stopping", ...alive, cause: { kind: "operator" } }],
  "stopping, to start again": ["up", { kind: "stopping", ...alive, cause: { kind: "restart" } }],
  "stopping, unhealthy": [
    "up",
    { kind: "stopping", ...alive, cause: { kind: "unhealthy", why: "does not answer" } },
  ],
  "quiescing, to stay down": [
    "down",
    { kind: "stopping", ...alive, isQuiescing: true, cause: { kind: "operator" } },
  ],
  "quiescing, to start again": [
    "up",
    { kind: "stopping", ...alive, isQuiescing: true, cause: { kind: "restart" } },
  ],
  "backing-off": ["up", { kind: "backing-off", since, until }],
  broken: ["up", { kind: "broken", since, until }],
};

const generation = 1;

const death: Extract<UnitEvent, { readonly kind: "ended" }> = {
  kind: "ended",
  generation,
  exit: { kind: "exited", code: 1 },
  cause: crashed,
};

export const events: Readonly<Record<string, UnitEvent>> = {
  "start-requested": { kind: "start-requested" },
  "start-requested, deferred": { kind: "start-requested", deferred: true },
  "stop-requested": { kind: "stop-requested", by: "operator" },
  "stop-requested by shutdown": { kind: "stop-requested", by: "shutdown" },
  "restart-requested by operator": { kind: "restart-requested", by: "restart" },
  "restart-requested by config": { kind: "restart-requested", by: "config" },
  adopted: { kind: "adopted", spawnedAt: ms(-90_000), spawns: 7 },
  "conditions-changed, unmet": { kind: "conditions-changed", unmet: [blocker] },
  "conditions-changed, met": { kind: "conditions-changed", unmet: [] },
  "preflight-done, clear": { kind: "preflight-done", generation, blockers: [] },
  "preflight-done, blocked": { kind: "preflight-done", generation, blockers: [blocker] },
  "became-ready": { kind: "became-ready", generation },
  "became-unready": { kind: "became-unready", generation, why: "no answer" },
  "liveness-lost": { kind: "liveness-lost", generation, why: "no answer" },
  quiesced: { kind: "quiesced", generation },
  "timed-out: quiesce": { kind: "timed-out", generation, timer: "quiesce" },
  "timed-out: start": { kind: "timed-out", generation, timer: "start" },
  "timed-out: stop": { kind: "timed-out", generation, timer: "stop" },
  "timed-out: restart": { kind: "timed-out", generation, timer: "restart" },
  "timed-out: recheck": { kind: "timed-out", generation, timer: "recheck" },
  "timed-out: proven": { kind: "timed-out", generation, timer: "proven" },
  "timed-out: forget": { kind: "timed-out", generation, timer: "forget" },
  ended: death,
};

/** The condition is not met before it is reported met, else the report would change nothing. */
function stateFor(phaseName: string, eventName: string): UnitState {
  const [desired, phase] = phases[phaseName] ?? ["down", { kind: "down", since, why: "operator" }];
  const unmet = eventName === "conditions-changed, met" ? [blocker] : [];
  const counts = {
    generation,
    spawns: 1,
    isAdopted: false,
    history: noRestarts,
    lastDeath: undefined,
  };
  return { desired, phase, unmet, ...counts };
}

export function stepFor(phaseName: string, eventName: string): readonly [UnitState, Step] {
  const state = stateFor(phaseName, eventName);
  const event = events[eventName];
  if (event === undefined) throw new Error(`no such event: ${eventName}`);
  const withoutPreflight = { ...rules, hasPreflight: false };
  return [state, transition(withoutPreflight, state, event, { now: ms(500), dice: 0 })];
}

/** Between which phases which events lead, under all rules and conditions: the diagram of ARCHITECTURE.md. */
export function edges(): ReadonlyMap<string, ReadonlySet<string>> {
  const found = new Map<string, Set<string>>();
  const configFault: Cause = { kind: "config", summary: "could not be started" };
  const endings = [crashed, configFault].map((cause): UnitEvent => ({ ...death, cause }));
  for (const phase of Object.keys(phases)) {
    for (const [name, plain] of Object.entries(events)) {
      for (const event of plain.kind === "ended" ? endings : [plain]) {
        for (const hasPreflight of [false, true]) {
          for (const unmet of [[], [blocker]]) {
            const state = { ...stateFor(phase, name), ...(unmet.length > 0 ? { unmet } : {}) };
            const at = { now: ms(500), dice: 0 };
            const [next] = transition({ ...rules, hasPreflight }, state, event, at);
            if (next.phase.kind === state.phase.kind) continue;
            const edge = `${state.phase.kind} --> ${next.phase.kind}`;
            found.set(edge, (found.get(edge) ?? new Set()).add(name.replace(/[,:] .*| by .*/, "")));
          }
        }
      }
    }
  }
  return found;
}

/** `.` for a pair that changes nothing, `*` for one that changes the state but not the phase. */
export function outcome(phaseName: string, eventName: string): string {
  const [state, [next, commands]] = stepFor(phaseName, eventName);
  if (next === state && commands.length === 0) return ".";
  const said = commands.map(describeCommand);
  const phase = next.phase.kind === state.phase.kind ? "*" : next.phase.kind;
  return [phase, ...said].join(" ");
}

function describeCommand(command: UnitCommand): string {
  switch (command.kind) {
    case "signal":
      return command.signal;
    case "arm-timer":
      return `arm:${command.timer}:${command.after}`;
    case "disarm-timer":
      return "disarm";
    case "kill":
    case "preflight":
    case "spawn":
    case "adopt":
    case "quiesce":
      return command.kind;
    default:
      return command satisfies never;
  }
}
