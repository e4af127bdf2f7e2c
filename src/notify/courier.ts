/** Brings messages to one target: one after the other, some times if need be, and never in anybody's way. */
import type { NotifyConfig } from "../config/config.ts";
import type { Cancel, Clock } from "../supervision/ports.ts";
import { minutes, ms, seconds } from "../supervision/time.ts";
import { type Event, type Message, messageOf } from "./event.ts";
import type { Delivery, Send } from "./ports.ts";
import { flush, nextDue, offer, type Rate, type Sent } from "./rate.ts";

export interface CourierDeps {
  readonly clock: Clock;
  readonly host: string;
  readonly send: Send;
  /** A message has arrived, or will not. */
  readonly ended: (delivery: Delivery) => void;
}

/** Between the attempts. */
const pauses = [seconds(5), seconds(30), minutes(2)];
/** What waits behind a target that is away; older ones are given up for newer ones. */
export const mostWaiting = 50;

export class Courier implements Disposable {
  readonly config: NotifyConfig;
  readonly #deps: CourierDeps;
  #rate: Rate = new Map();
  #waiting: readonly Message[] = [];
  #isBusy = false;
  #isDisposed = false;
  #wake: Cancel = () => undefined;
  #retry: Cancel = () => undefined;

  constructor(config: NotifyConfig, deps: CourierDeps) {
    this.config = config;
    this.#deps = deps;
  }

  tell(event: Event): void {
    if (this.#isDisposed || !this.config.on.some((one) => one === event.event)) return;
    this.#take(offer(this.#rate, event, this.#deps.clock.now(), this.config.minInterval));
  }

  /** One attempt, now, past everything that waits. */
  test(event: Event): Promise<Delivery> {
    const { target, timeout } = this.config;
    return this.#deps.send(target, messageOf(event, 0, this.#deps.host), timeout);
  }

  [Symbol.dispose](): void {
    this.#isDisposed = true;
    this.#wake();
    this.#retry();
  }

  #take([rate, sent]: readonly [Rate, readonly Sent[]]): void {
    const { clock, host } = this.#deps;
    this.#rate = rate;
    const messages = sent.map(({ event, held }) => messageOf(event, held, host));
    this.#waiting = [...this.#waiting, ...messages].slice(-mostWaiting);
    this.#wake();
    const due = nextDue(rate, this.config.minInterval);
    if (due !== undefined) {
      const span = ms(Math.max(0, due - clock.now()));
      this.#wake = clock.schedule(span, () =>
        this.#take(flush(this.#rate, clock.now(), this.config.minInterval)),
      );
    }
    void this.#work();
  }

  async #work(): Promise<void> {
    if (this.#isBusy) return;
    this.#isBusy = true;
    while (!this.#isDisposed) {
      const [message, ...rest] = this.#waiting;
      if (message === undefined) break;
      this.#waiting = rest;
      this.#deps.ended(await this.#bring(message));
    }
    this.#isBusy = false;
  }

  async #bring(message: Message): Promise<Delivery> {
    const { target, timeout } = this.config;
    for (const pause of pauses) {
      const delivery = await this.#deps.send(target, message, timeout);
      if (delivery.kind === "delivered" || delivery.isFinal || this.#isDisposed) return delivery;
      await new Promise<void>((done) => {
        this.#retry = this.#deps.clock.schedule(pause, done);
      });
    }
    return this.#deps.send(target, message, timeout);
  }
}
