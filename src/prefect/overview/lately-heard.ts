/** What Prefect has answered last, to whichever part of the daemon: who wants to know need not ask again. */
import { type Millis, ms } from "../../supervision/time.ts";
import type { PrefectApi, Worker, WorkPool } from "../api/client.ts";
import type { Answer } from "../api/transport.ts";

export interface Heard<T> {
  readonly at: Millis;
  /** How long the answer took. */
  readonly took: Millis;
  readonly answer: Answer<T>;
}

type Reads = Pick<PrefectApi, "pools" | "workers">;

export class LatelyHeard {
  readonly #now: () => Millis;
  #pools: Heard<readonly WorkPool[]> | undefined;
  readonly #workers = new Map<string, Heard<readonly Worker[]>>();

  constructor(now: () => Millis) {
    this.#now = now;
  }

  /** The same calls, listened to. */
  listening<Api extends Reads>(api: Api): Api {
    return {
      ...api,
      pools: async (signal) => {
        const heard = await this.#hear(api.pools(signal));
        if (!signal.aborted) this.#pools = heard;
        return heard.answer;
      },
      workers: async (pool, signal) => {
        const heard = await this.#hear(api.workers(pool, signal));
        if (!signal.aborted) this.#workers.set(pool, heard);
        return heard.answer;
      },
    };
  }

  pools(within: Millis): Heard<readonly WorkPool[]> | undefined {
    return this.#fresh(this.#pools, within);
  }

  /** Only what was understood. */
  workers(pool: string, within: Millis): readonly Worker[] | undefined {
    const answer = this.#fresh(this.#workers.get(pool), within)?.answer;
    return answer?.kind === "ok" ? answer.value : undefined;
  }

  #fresh<T>(heard: Heard<T> | undefined, within: Millis): Heard<T> | undefined {
    return heard !== undefined && this.#now() - heard.at < within ? heard : undefined;
  }

  async #hear<T>(asked: Promise<Answer<T>>): Promise<Heard<T>> {
    const began = this.#now();
    const answer = await asked;
    const at = this.#now();
    return { at, took: ms(at - began), answer };
  }
}
