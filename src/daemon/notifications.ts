/** Tells those whom the configuration names what a human is needed for, and when it is over. */
import type { Config, NotifyConfig } from "../config/config.ts";
import type { NotifyTestResult } from "../control/control-plane.ts";
import type { Problem, Status } from "../control/status.ts";
import { type Alarms, advance, observe, ownPrefix } from "../notify/alarms.ts";
import { Courier } from "../notify/courier.ts";
import type { Event } from "../notify/event.ts";
import type { Delivery, Send } from "../notify/ports.ts";
import type { Clock } from "../supervision/ports.ts";

export interface NotificationsDeps {
  readonly clock: Clock;
  readonly wallClock: () => Date;
  readonly host: string;
  readonly send: Send;
  readonly log: (level: "info" | "warn", message: string) => void;
  /** Its problems may be others. */
  readonly changed: () => void;
}

export class Notifications implements Disposable {
  readonly #deps: NotificationsDeps;
  #couriers: readonly Courier[] = [];
  #alarms: Alarms = new Map();
  /** By target: why its last message did not arrive. */
  readonly #undelivered = new Map<string, string>();

  constructor(deps: NotificationsDeps) {
    this.#deps = deps;
  }

  /** Who stays the same keeps what waits for him. */
  configure({ notify }: Pick<Config, "notify">): void {
    const before = this.#couriers;
    const same = (wanted: NotifyConfig) =>
      before.find(({ config }) => JSON.stringify(config) === JSON.stringify(wanted));
    this.#couriers = notify.map((wanted) => same(wanted) ?? this.#courier(wanted));
    for (const courier of before) {
      if (this.#couriers.includes(courier)) continue;
      courier[Symbol.dispose]();
      this.#undelivered.delete(courier.config.name);
    }
  }

  /** After each change; cheap where nobody is told. */
  heed(status: Status): void {
    if (this.#couriers.length === 0) return;
    const [alarms, events] = advance(this.#alarms, observe(status), this.#deps.wallClock());
    this.#alarms = alarms;
    for (const event of events) for (const courier of this.#couriers) courier.tell(event);
  }

  /** @param name of one target; all, without it */
  async test(name: string | undefined): Promise<NotifyTestResult> {
    const chosen = this.#couriers.filter(
      ({ config }) => name === undefined || config.name === name,
    );
    const known = this.#couriers.map(({ config }) => config.name);
    if (name !== undefined && chosen.length === 0) return { kind: "unknown-target", name, known };
    const event: Event = {
      event: "test",
      subject: "notify test",
      what: "this is a test: messages of sails-supervisor arrive here",
      next: null,
      at: this.#deps.wallClock(),
    };
    const targets = await Promise.all(
      chosen.map(async (courier) => {
        const began = this.#deps.clock.now();
        const delivery = await courier.test(event);
        const why = delivery.kind === "failed" ? delivery.why : null;
        const tookMs = Math.round(this.#deps.clock.now() - began);
        return { name: courier.config.name, delivered: why === null, why, tookMs };
      }),
    );
    return { kind: "done", targets };
  }

  get problems(): readonly Problem[] {
    return [...this.#undelivered].map(([name, why]) => ({
      id: `${ownPrefix}${name}`,
      what: `messages to ${name} (notify) do not arrive: ${why}`,
      cure: `Correct its command or url; \`sails-supervisor notify test ${name}\` shows whether they arrive`,
    }));
  }

  [Symbol.dispose](): void {
    for (const courier of this.#couriers) courier[Symbol.dispose]();
  }

  #courier(config: NotifyConfig): Courier {
    const { clock, host, send } = this.#deps;
    const ended = (delivery: Delivery): void => this.#ended(config.name, delivery);
    return new Courier(config, { clock, host, send, ended });
  }

  #ended(name: string, delivery: Delivery): void {
    const before = this.#undelivered.get(name);
    if (delivery.kind === "delivered") this.#undelivered.delete(name);
    else this.#undelivered.set(name, delivery.why);
    if (this.#undelivered.get(name) === before) return;
    if (delivery.kind === "failed")
      this.#deps.log("warn", `a message to ${name} did not arrive: ${delivery.why}`);
    this.#deps.changed();
  }
}
