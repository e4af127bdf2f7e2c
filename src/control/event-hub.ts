/**
 * Hands each change of a unit to all who listen on /api/v1/events (server-sent events). Subscribed
 * to the daemon, with a heartbeat, only while somebody listens.
 */
import type { Writable } from "node:stream";
import type { ControlPlane, StatusEvent } from "./control-plane.ts";

export interface EventHubLimits {
  readonly subscribers: number;
  /** What may wait for a subscriber that does not read; with more it is dropped, and may come again. */
  readonly backlogBytes: number;
  readonly heartbeatMs: number;
}

const defaultLimits: EventHubLimits = {
  subscribers: 64,
  backlogBytes: 256 * 1024,
  heartbeatMs: 15_000,
};

export class EventHub {
  readonly #plane: Pick<ControlPlane, "subscribe">;
  readonly #limits: EventHubLimits;
  readonly #subscribers = new Set<Writable>();
  #listening: AbortController | undefined;

  constructor(plane: Pick<ControlPlane, "subscribe">, limits: Partial<EventHubLimits> = {}) {
    this.#plane = plane;
    this.#limits = { ...defaultLimits, ...limits };
  }

  get subscribers(): number {
    return this.#subscribers.size;
  }

  get isFull(): boolean {
    return this.#subscribers.size >= this.#limits.subscribers;
  }

  add(subscriber: Writable): void {
    this.#subscribers.add(subscriber);
    subscriber.once("close", () => this.#drop(subscriber));
    // Without a listener, a reader that is gone would be an uncaught exception of the daemon.
    subscriber.on("error", () => this.#drop(subscriber));
    this.#listening ??= this.#listen();
    // The first bytes tell the client that no change escapes it from now on.
    subscriber.write("retry: 2000\n: listening\n\n");
  }

  #listen(): AbortController {
    const listening = new AbortController();
    const heartbeat = setInterval(
      () => this.#send(": heartbeat\n\n"),
      this.#limits.heartbeatMs,
    ).unref();
    listening.signal.addEventListener("abort", () => clearInterval(heartbeat));
    this.#plane.subscribe((event) => this.#send(encode(event)), listening.signal);
    return listening;
  }

  #send(words: string): void {
    for (const subscriber of this.#subscribers) {
      if (subscriber.writableLength > this.#limits.backlogBytes) subscriber.destroy();
      else subscriber.write(words);
    }
  }

  #drop(subscriber: Writable): void {
    this.#subscribers.delete(subscriber);
    if (this.#subscribers.size > 0) return;
    this.#listening?.abort();
    this.#listening = undefined;
  }
}

/** JSON has no line breaks outside of strings, and none unescaped inside: it is one line. */
const encode = (event: StatusEvent): string => `event: status\ndata: ${JSON.stringify(event)}\n\n`;
