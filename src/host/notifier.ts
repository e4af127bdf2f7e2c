/**
 * Tells systemd how we are, by `systemd-notify`: Node has no unix datagrams. Each message is a
 * process of 5 ms, hence one at a time, and what has been overtaken meanwhile is not sent.
 */
import { execFile } from "node:child_process";

export interface Notifier {
  ready(status: string): void;
  status(text: string): void;
  watchdog(): void;
  reloading(): void;
  /** @param withinMs by when it has stopped, whatever the unit's TimeoutStopSec= says */
  stopping(withinMs: number): void;
  /** Resolves when all has been delivered or has failed. */
  delivered(): Promise<void>;
}

type Message = Readonly<Record<string, string>>;

const deliveryTimeoutMs = 10_000;

export class SystemdNotifier implements Notifier {
  readonly #environment: Readonly<Record<string, string>> | undefined;
  readonly #report: (trouble: string) => void;
  #waiting: Message[] = [];
  #sending: Promise<void> | undefined;

  /** @param own where NOTIFY_SOCKET stands if systemd wants to hear of us; without it, nothing is sent */
  constructor(
    own: Readonly<Record<string, string | undefined>>,
    report: (trouble: string) => void,
  ) {
    const { NOTIFY_SOCKET: socket, PATH: path = "/usr/bin:/bin" } = own;
    this.#environment =
      socket === undefined || socket === "" ? undefined : { NOTIFY_SOCKET: socket, PATH: path };
    this.#report = report;
  }

  ready(status: string): void {
    this.#send({ READY: "1", STATUS: oneLine(status) });
  }

  status(text: string): void {
    this.#update({ STATUS: oneLine(text) });
  }

  watchdog(): void {
    this.#update({ WATCHDOG: "1" });
  }

  reloading(): void {
    // CLOCK_MONOTONIC, which is what the system's own clock calls it.
    const now = process.hrtime.bigint() / 1000n;
    this.#send({ RELOADING: "1", MONOTONIC_USEC: String(now) });
  }

  stopping(withinMs: number): void {
    this.#send({ STOPPING: "1", EXTEND_TIMEOUT_USEC: String(Math.ceil(withinMs * 1000)) });
  }

  async delivered(): Promise<void> {
    await this.#sending;
  }

  /** Overtakes what still waits of the same kind. */
  #update(message: Message): void {
    const last = this.#waiting.at(-1);
    if (last === undefined) this.#send(message);
    else this.#waiting.splice(-1, 1, { ...last, ...message });
  }

  #send(message: Message): void {
    if (this.#environment === undefined) return;
    // A change of state that waits is overtaken by the next but one: only the newest two tell something.
    this.#waiting = [...this.#waiting.slice(-1), message];
    this.#sending ??= this.#sendAll(this.#environment).finally(() => {
      this.#sending = undefined;
    });
  }

  async #sendAll(environment: Readonly<Record<string, string>>): Promise<void> {
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      const trouble = await deliver(next, environment);
      if (trouble !== undefined) this.#report(trouble);
    }
  }
}

function deliver(
  message: Message,
  env: Readonly<Record<string, string>>,
): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const assignments = Object.entries(message).map(([name, value]) => `${name}=${value}`);
  const options = { env, timeout: deliveryTimeoutMs, killSignal: "SIGKILL" } as const;
  execFile("systemd-notify", assignments, options, (error) =>
    resolve(error === null ? undefined : `systemd cannot be told: ${error.message.trim()}`),
  );
  return promise;
}

/** Lines divide the assignments of a message, and NUL would end it. */
const oneLine = (text: string): string => text.replaceAll(/\p{Cc}+/gu, " ");
