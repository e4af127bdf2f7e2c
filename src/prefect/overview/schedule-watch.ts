/** Which active schedules have no run to come. One deployment at a time, so that many cost no more than few. */
import { type Millis, minutes } from "../../supervision/time.ts";
import type { OverviewApi, ScheduledDeployment } from "../api/overview.ts";
import type { Answer } from "../api/transport.ts";

/** For how long the list of deployments is believed. */
const listLife = minutes(5);

export class ScheduleWatch {
  #deployments: readonly ScheduledDeployment[] | undefined;
  #listedAt: Millis | undefined;
  /** How many active schedules, of those deployments that have no run to come. */
  readonly #stalled = new Map<string, number>();
  #hasLooked = false;
  #next = 0;

  /** Undefined: not known of any deployment yet. */
  get stalled(): number | undefined {
    if (this.#deployments === undefined) return undefined;
    const isKnown = this.#hasLooked || this.#deployments.length === 0;
    return isKnown ? [...this.#stalled.values()].reduce((sum, count) => sum + count, 0) : undefined;
  }

  /** What is deployed may be something else now. */
  listAnew(): void {
    this.#listedAt = undefined;
  }

  /** One request, or none where nothing is scheduled. */
  async look(
    api: Pick<OverviewApi, "schedules" | "runsToCome">,
    times: { readonly now: Millis; readonly wall: Date },
    signal: AbortSignal,
  ): Promise<Answer<unknown>> {
    const { now, wall } = times;
    if (this.#listedAt === undefined || now - this.#listedAt >= listLife) {
      const answer = await api.schedules(signal);
      if (answer.kind === "ok") this.#list(answer.value, now);
      return answer;
    }
    const deployments = this.#deployments ?? [];
    const deployment = deployments[this.#next % Math.max(1, deployments.length)];
    if (deployment === undefined) return { kind: "ok", value: undefined };
    const answer = await api.runsToCome(deployment.id, wall, signal);
    if (answer.kind !== "ok") return answer;
    this.#next += 1;
    this.#hasLooked = true;
    if (answer.value > 0) this.#stalled.delete(deployment.id);
    else this.#stalled.set(deployment.id, deployment.activeSchedules);
    return answer;
  }

  #list(all: readonly ScheduledDeployment[], now: Millis): void {
    this.#listedAt = now;
    this.#deployments = all.filter(({ activeSchedules }) => activeSchedules > 0);
    const left = new Set(this.#deployments.map(({ id }) => id));
    for (const id of this.#stalled.keys()) if (!left.has(id)) this.#stalled.delete(id);
  }
}
