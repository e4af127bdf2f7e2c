/**
 * Looks at the file systems of the installation while somebody reads the metrics. Each is asked in a
 * child: one that hangs costs nothing but its own figures.
 */
import { dirname } from "node:path";
import type { Look, Looked, Looker, Question } from "../checks/ports.ts";
import type { Config } from "../config/config.ts";
import type { PrefectFailure, PrefectMetrics } from "../metrics/prefect-metrics.ts";
import type { VolumesSnapshot } from "../metrics/prefect-snapshot.ts";
import { serverDatabase } from "../prefect/database/place.ts";
import type { Clock } from "../supervision/ports.ts";
import { type Millis, minutes, ms, seconds } from "../supervision/time.ts";
import { RepeatingTask, type TaskOutcome } from "./repeating-task.ts";

export interface VolumeWatchDeps {
  readonly clock: Clock;
  readonly wallClock: () => Date;
  readonly looker: Pick<Looker, "run">;
  readonly metrics: () => Pick<PrefectMetrics, "collected">;
}

const lookEvery = minutes(5);
const readerLife = minutes(2);
const viewLife = ms(3 * lookEvery);
const patience = seconds(5);

type Volume = VolumesSnapshot["volumes"][number]["volume"];

export class VolumeWatch implements Disposable {
  readonly #deps: VolumeWatchDeps;
  readonly #task: RepeatingTask;
  #config: Config | undefined;
  #readAt: Millis | undefined;
  #seen: { readonly at: Millis; readonly view: VolumesSnapshot } | undefined;
  /** What was given up and has not come back. */
  readonly #hanging = new Set<string>();

  constructor(deps: VolumeWatchDeps) {
    this.#deps = deps;
    this.#task = new RepeatingTask(deps.clock, minutes(2), () => this.#look());
  }

  configure(config: Config): void {
    this.#config = config;
    if (this.#hasReader) this.#task.request();
  }

  /** Its files are there by now. */
  serverIsReady(): void {
    if (this.#hasReader) this.#task.request();
  }

  get view(): VolumesSnapshot | undefined {
    const { at, view } = this.#seen ?? {};
    return at !== undefined && this.#deps.clock.now() - at < viewLife ? view : undefined;
  }

  /** Somebody reads what it finds: it is kept up to date for a while. */
  isRead(): void {
    const isFirst = !this.#hasReader;
    this.#readAt = this.#deps.clock.now();
    if (isFirst) this.#task.request();
  }

  [Symbol.dispose](): void {
    this.#task[Symbol.dispose]();
  }

  get #hasReader(): boolean {
    const at = this.#readAt;
    return at !== undefined && this.#deps.clock.now() - at < readerLife;
  }

  async #look(): Promise<TaskOutcome> {
    const config = this.#config;
    if (config === undefined || !this.#hasReader) return { kind: "settled" };
    const { clock, wallClock, metrics } = this.#deps;
    const began = clock.now();
    const place = serverDatabase(config);
    const file = place?.kind === "sqlite" ? place.file : undefined;
    const volumes = await Promise.all(
      volumesOf(config).map(async ([volume, path]) => {
        const space = spaceIn(await this.#ask({ kind: "space", path }));
        return space === undefined ? [] : [{ volume, ...space }];
      }),
    );
    const sizeOf = async (path: string | undefined) =>
      path === undefined ? undefined : sizeIn(await this.#ask({ kind: "size", path }));
    const [main, wal] = await Promise.all([
      sizeOf(file),
      sizeOf(file === undefined ? undefined : `${file}-wal`),
    ]);
    this.#seen = { at: clock.now(), view: { volumes: volumes.flat(), database: { main, wal } } };
    const failure: PrefectFailure | undefined = this.#hanging.size > 0 ? "timeout" : undefined;
    metrics().collected({
      collector: "volumes",
      failure,
      seconds: (clock.now() - began) / 1000,
      at: wallClock().getTime() / 1000,
      dropped: 0,
    });
    return { kind: "retry-in", span: lookEvery };
  }

  /** Never twice at the same time, and given up after a while. */
  async #ask(question: Extract<Question, { readonly path: string }>): Promise<Looked | undefined> {
    const key = `${question.kind} ${question.path}`;
    if (this.#hanging.has(key)) return undefined;
    const look: Look = this.#deps.looker.run({ check: `volume ${question.path}`, question });
    const { promise, resolve } = Promise.withResolvers<Looked | undefined>();
    const cancel = this.#deps.clock.schedule(patience, () => {
      this.#hanging.add(key);
      look.kill();
      resolve(undefined);
    });
    void look.ended.then((looked) => {
      cancel();
      this.#hanging.delete(key);
      resolve(looked);
    });
    return promise;
  }
}

function volumesOf(config: Config): readonly (readonly [Volume, string])[] {
  const { prefect, environment, jobs, stateDir } = config;
  const path = environment.path;
  return [
    ["home", prefect.home],
    // It is a link, or not there yet.
    ...(path === undefined ? [] : ([["environment", dirname(path)]] as const)),
    ["backups", jobs.backup.directory],
    ["state", stateDir],
  ];
}

const fact = (looked: Looked | undefined, name: string): readonly number[] => {
  if (looked?.kind !== "ended" || looked.status !== 0) return [];
  const line = looked.output.split("\n").find((each) => each.startsWith(`${name} `));
  return line === undefined ? [] : line.split(" ").slice(1).map(Number);
};

function spaceIn(looked: Looked | undefined): { size: number; free: number } | undefined {
  const [free, block, all] = fact(looked, "space");
  if (free === undefined || block === undefined || all === undefined) return undefined;
  return { size: all * block, free: free * block };
}

const sizeIn = (looked: Looked | undefined): number | undefined => fact(looked, "size")[0];
