/** Sees to it that somebody answers on the server's port while the server is away, and nobody else otherwise. */
import type { Address, Config } from "../config/config.ts";
import {
  absenceReply,
  acceptsWebsocket,
  handStart,
  inTurn,
  isPatient,
  type Place,
  placeFor,
  type Recall,
  recall,
} from "../prefect/absence.ts";
import type { OpenStandIn, StandIn, StandInReply, StandInRequest } from "../prefect/ports.ts";
import type { Cancel, Clock } from "../supervision/ports.ts";
import { type Millis, ms, seconds } from "../supervision/time.ts";
import type { UnitEvent, UnitState } from "../supervision/unit-state.ts";
import type { UnitView } from "../supervision/unit-view.ts";

export interface StandInKeeperDeps {
  readonly clock: Clock;
  readonly open: OpenStandIn;
  /** The unit; undefined where no server is ours. */
  readonly server: () => UnitView | undefined;
  readonly log: (level: "info", message: string) => void;
}

interface Standing {
  readonly at: Address;
  readonly standIn: StandIn;
}

/** After the port could not be had. A server that is stopping is about to close it. */
const tryAgainAfter = { stopping: ms(100), otherwise: seconds(1) };

export class StandInKeeper implements Disposable {
  readonly #deps: StandInKeeperDeps;
  #at: Config["server"] | undefined;
  #standing: Standing | undefined;
  /** Has left the port to a start; some may still wait with it. */
  #left: StandIn | undefined;
  /** One change of it after the other. */
  #turn: Promise<void> = Promise.resolve();
  #cancelTrial: Cancel = () => undefined;
  /** Whether a start needs the port: then clients are sent past it, and it is left. */
  #release: "none" | "farewell" | "now" = "none";
  #isTold = false;
  #isDisposed = false;
  /** How many of those who waited have been sent to the server. */
  #called = 0;
  /** By then the last client that was sent away has asked again. */
  #lastBackBy: Millis = ms(0);

  constructor(deps: StandInKeeperDeps) {
    this.#deps = deps;
  }

  apply(config: Config): Promise<void> {
    this.#at = config.server;
    return this.#settle();
  }

  /** To be told of each change of the server. */
  serverChanged({ state: { phase } }: UnitView, from: UnitState, event: UnitEvent): void {
    if (from.phase.kind === "starting" && phase.kind === "running") this.#isTold = false;
    // The start that needed the port has come about, or to nothing.
    if (phase.kind !== "waiting" || event.kind === "preflight-done") this.#release = "none";
    void this.#settle();
  }

  /** Resolves when the port is free. Before, all clients that would come during the start are made to wait. */
  async release(): Promise<void> {
    const { clock } = this.#deps;
    const farewell = this.#lastBackBy - clock.now();
    if (this.#standing !== undefined && farewell > 0) {
      this.#release = "farewell";
      const { promise, resolve } = Promise.withResolvers<void>();
      clock.schedule(ms(farewell), resolve);
      await promise;
      // Meanwhile the start has been called off.
      if (this.#release !== "farewell") return;
    }
    this.#release = "now";
    await this.#settle();
  }

  [Symbol.dispose](): void {
    this.#isDisposed = true;
    void this.#settle();
  }

  #place(): Place {
    const server = this.#deps.server();
    if (this.#isDisposed || server === undefined || this.#release === "now") return "leave";
    return this.#release === "farewell" ? "hold" : placeFor(server.state.phase);
  }

  /** Level-triggered: looks at what is and what shall be, whatever it was called for. */
  #settle(): Promise<void> {
    this.#turn = this.#turn.then(async () => {
      this.#cancelTrial();
      const place = this.#place();
      if (
        this.#standing !== undefined &&
        (place === "leave" || this.#hasMoved(this.#standing.at))
      ) {
        const { standIn } = this.#standing;
        this.#standing = undefined;
        await standIn.leave();
        this.#left = standIn;
      }
      if (this.#standing === undefined && place === "stand") await this.#open();
      if (this.#standing !== undefined || this.#isWaitOver()) {
        this.#left?.dismiss();
        this.#left = undefined;
      }
    });
    return this.#turn;
  }

  #hasMoved({ host, port }: Address): boolean {
    return this.#at?.host !== host || this.#at.port !== port;
  }

  /** Whether those who wait need not, or wait for nothing. */
  #isWaitOver(): boolean {
    const server = this.#deps.server();
    return this.#isDisposed || server === undefined || server.state.phase.kind === "running";
  }

  async #open(): Promise<void> {
    const { clock, open } = this.#deps;
    const at = this.#at;
    if (at === undefined) return;
    const { host, port } = at;
    const standIn = await open({
      host,
      port,
      isStartNear: () => this.#recall().kind === "wait",
      canWait: ({ agent }) => isPatient(agent),
      acceptsWebsocket: ({ agent }) => acceptsWebsocket(agent),
      reply: (request) => this.#reply(request),
    });
    if (standIn === undefined) {
      const isStopping = this.#deps.server()?.state.phase.kind === "stopping";
      const span = isStopping ? tryAgainAfter.stopping : tryAgainAfter.otherwise;
      this.#cancelTrial = clock.schedule(span, () => void this.#settle());
      return;
    }
    this.#standing = { at, standIn };
    this.#tell(at);
  }

  /** Once for each absence, however often the server is tried in it. */
  #tell({ host, port }: Address): void {
    if (this.#isTold) return;
    this.#isTold = true;
    const what = `answers on ${host}:${port} in the server's place, so that runs and workers wait for it`;
    this.#deps.log("info", `server: is away; ${what}. ${handStart}`);
  }

  #recall(): Recall {
    const { server, clock } = this.#deps;
    const phase = server()?.state.phase;
    return phase === undefined
      ? { kind: "ask" }
      : recall(phase, clock.now(), this.#release !== "none");
  }

  #reply({ path, agent }: StandInRequest): StandInReply {
    const server = this.#deps.server();
    if (server === undefined) return { headers: {}, body: "" };
    const now = this.#deps.clock.now();
    const isOpen = this.#at?.authFile === undefined;
    const called = this.#recall();
    if (called.kind !== "return") {
      const after = inTurn(this.#called);
      this.#called += 1;
      return absenceReply({ server, now, path, after, isOpen });
    }
    this.#called = 0;
    if (isPatient(agent)) this.#lastBackBy = ms(now + called.backWithin);
    return absenceReply({ server, now, path, after: called.after, isOpen });
  }
}
