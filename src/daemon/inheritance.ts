/** What an earlier daemon has left running: which of it is taken over, and the end of the rest. */
import type { LivingChild } from "../host/launcher.ts";
import { endLeftovers } from "../host/leftovers.ts";
import type { Lifelines } from "../host/lifelines.ts";
import type { Level } from "../host/log.ts";
import { invocationVariable, supervisorVariable, unitVariable } from "../host/marks.ts";
import {
  ageMs,
  bootId,
  type FoundProcess,
  findByEnvironment,
  isGone,
  type ProcessStat,
  readStat,
  ticksNow,
} from "../host/processes.ts";
import { specHash } from "../host/spec-hash.ts";
import type { Adoptable, Child, Clock, ProcessSpec } from "../supervision/ports.ts";
import { ms } from "../supervision/time.ts";
import type { UnitSpec } from "../supervision/unit-spec.ts";
import type { Blocker } from "../supervision/unit-state.ts";
import { type Found, findChildren, type LossReason } from "./find-children.ts";
import { type Memory, type RecordedChild, readChild } from "./memory.ts";

export interface InheritanceDeps {
  readonly clock: Clock;
  readonly memory: Memory;
  readonly lifelines: Lifelines;
  readonly adopt: (unit: string, child: LivingChild) => Child;
  /** Whether a child that we look after comes from this spawn. */
  readonly isOurs: (invocation: string) => boolean;
  /** In the environment of what is not ours to end, though it bears our marks. */
  readonly foreignVariable: string;
  readonly tell: (level: Level, message: string) => void;
  readonly lost: (unit: string, why: LossReason) => void;
}

/** So long, what is asked to go may take. */
const patienceMs = 15_000;

export class Inheritance {
  readonly #deps: InheritanceDeps;
  readonly #specs: ReadonlyMap<string, ProcessSpec>;
  readonly #mark: { readonly variable: string; readonly value: string };
  readonly #records: ReadonlyMap<string, RecordedChild | undefined>;
  readonly #found: ReadonlyMap<string, Found>;
  /** Not taken over yet. */
  readonly #children: Map<string, Inherited>;
  readonly #hasRest: boolean;
  readonly #lookedAt = ticksNow();

  /** Looks at what is there now: to be made right before these units are declared. */
  constructor(deps: InheritanceDeps, specs: readonly UnitSpec[]) {
    this.#deps = deps;
    this.#specs = new Map(specs.map(({ name, process }) => [name, process]));
    const { memory, lifelines } = deps;
    const { supervisorId, children } = memory.now;
    this.#mark = { variable: supervisorVariable, value: supervisorId };
    this.#records = new Map(
      Object.entries(children).map(([unit, value]) => [unit, readChild(value)] as const),
    );
    const marked = findByEnvironment(supervisorVariable, supervisorId).filter(
      (process) => !this.#isForeign(process),
    );
    this.#found = findChildren({
      records: this.#records,
      marked,
      bootId: bootId(),
      look: lookAt,
      holdsLifeline: (pid, unit) => lifelines.heldBy(pid, unit) !== undefined,
    });
    this.#children = new Map(
      [...this.#specs].flatMap(([unit, spec]) => {
        const child = inherit(this.#found.get(unit), spec);
        return child === undefined ? [] : [[unit, child] as const];
      }),
    );
    const taken = new Set([...this.#children.values()].map(({ child }) => child.invocation));
    this.#hasRest = marked.some(
      ({ variables }) => !taken.has(variables.get(invocationVariable) ?? ""),
    );
  }

  /** For each unit once. */
  adoptable(unit: string): Adoptable | undefined {
    const { clock, adopt } = this.#deps;
    const spec = this.#specs.get(unit);
    const inherited = this.#children.get(unit);
    if (spec === undefined || inherited === undefined) return undefined;
    this.#children.delete(unit);
    const { child, spawns } = inherited;
    return {
      child: adopt(unit, child),
      spawnedAt: ms(clock.now() - ageMs(child)),
      startedAt: child.spawnedAt,
      spawns,
      isSame: child.specHash === specHash(spec),
    };
  }

  /** Why nothing may be started yet; undefined if there is nothing to be ended first. */
  get blocker(): Blocker | undefined {
    if (!this.#hasRest) return undefined;
    const why = "processes that an earlier daemon has left behind are ended first";
    return { kind: "dependency", why };
  }

  /** Ends what no unit has taken over. */
  async endRest(): Promise<void> {
    if (!this.#hasRest) return;
    const { isOurs, tell } = this.#deps;
    const { ended, left } = await endLeftovers({
      ...this.#mark,
      patienceMs,
      isSpared: (process) => {
        const invocation = process.variables.get(invocationVariable);
        // What bears no spawn's mark is a command; those of this daemon are younger than it.
        const isNew =
          invocation === undefined ? process.startTime > this.#lookedAt : isOurs(invocation);
        return isNew || this.#isForeign(process);
      },
      isKilledAtOnce: (process) => this.#isWorkInHand(process),
    });
    if (ended > 0) {
      tell("warn", `ended ${ended} processes of an earlier daemon that belong to no unit now`);
    }
    if (left.length > 0) {
      tell("error", `processes ${left.join(", ")} of an earlier daemon cannot be ended`);
    }
  }

  /** Of what was recorded for these units, and has not been found. */
  tellOfLosses(): void {
    const { tell, lost } = this.#deps;
    const losses = [...this.#found].flatMap(([unit, found]) =>
      found.kind === "lost" && this.#specs.has(unit) ? [[unit, found] as const] : [],
    );
    for (const [unit, { why, pid }] of losses) {
      lost(unit, why);
      const words = lossWords(why, pid);
      if (words !== undefined) tell("warn", `${unit}: ${words}`);
    }
    // All are lost by it, for one reason.
    if (losses.some(([, { why }]) => why === "other_boot")) {
      tell("notice", "the machine has been rebooted since the last daemon ran");
    }
  }

  #isForeign({ variables }: FoundProcess): boolean {
    return variables.has(this.#deps.foreignVariable);
  }

  /** The main process of a unit in `process` mode: below it runs somebody's work, which SIGTERM would end. */
  #isWorkInHand({ pid, isSessionLeader, variables }: FoundProcess): boolean {
    const unit = variables.get(unitVariable);
    if (unit === undefined || !isSessionLeader) return false;
    const record = this.#records.get(unit);
    const mode = record?.pid === pid ? record.killMode : this.#specs.get(unit)?.killMode;
    // Of a unit that nobody knows any more, the worst is assumed.
    return (mode ?? "process") === "process";
  }
}

interface Inherited {
  readonly child: LivingChild;
  readonly spawns: number;
}

function inherit(found: Found | undefined, { killMode }: ProcessSpec): Inherited | undefined {
  switch (found?.kind) {
    case undefined:
    case "lost":
      return undefined;
    case "recorded": {
      const { record } = found;
      return { child: { ...record, cgroup: record.cgroup ?? undefined }, spawns: record.spawns };
    }
    case "marked": {
      const { child } = found;
      const spawnedAt = new Date(Date.now() - ageMs(child));
      return { child: { ...child, spawnedAt, killMode, cgroup: undefined }, spawns: child.spawns };
    }
    default:
      return found satisfies never;
  }
}

/** A zombie is no longer there. */
function lookAt(pid: number): ProcessStat | undefined {
  const stat = readStat(pid);
  return stat === undefined || isGone(stat) ? undefined : stat;
}

function lossWords(why: LossReason, pid: number | undefined): string | undefined {
  switch (why) {
    case "gone":
      return `its process ${pid} has ended while no daemon ran`;
    case "pid_reused":
      return `its process has ended while no daemon ran; ${pid} is another's by now`;
    case "no_lifeline":
      return `process ${pid} bears its marks, but nothing shows that it is its main process: it is ended`;
    case "record":
      return "what state.json says of its process makes no sense, and none is found by its marks";
    case "other_boot":
      return undefined;
    default:
      return why satisfies never;
  }
}
