/** The metrics of the catalogue in the client's form. The only place, beside the process's own metrics, that knows the client. */
import { setImmediate as turn } from "node:timers/promises";
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type {
  CounterName,
  GaugeName,
  HistogramName,
  Labels,
  StateOf,
  StateSetName,
  SubjectOf,
} from "./catalogue.ts";
import type { Family } from "./family.ts";
import { type AnyLabels, families, seriesOf } from "./series.ts";

type Metric =
  | { readonly type: "counter"; readonly client: Counter<string> }
  | { readonly type: "gauge"; readonly client: Gauge<string>; readonly states: States | undefined }
  | { readonly type: "histogram"; readonly client: Histogram<string> };

interface States {
  readonly label: string;
  readonly values: readonly string[];
}

/** Text written between two turns of the event loop, in characters: some 5 ms of work. */
const chunk = 100_000;

export class MetricRegistry {
  readonly #client: Registry;
  readonly #metrics: ReadonlyMap<string, Metric>;

  constructor(client = new Registry()) {
    this.#client = client;
    this.#metrics = new Map(families.map(([name, family]) => [name, create(client, name, family)]));
    this.zero({});
  }

  inc<N extends CounterName>(name: N, labels: Labels<N>, by?: number): void;
  inc(name: string, labels: AnyLabels, by = 1): void {
    const metric = this.#metrics.get(name);
    if (metric?.type === "counter") metric.client.inc(labels, by);
  }

  /** Undefined: the series does not exist for now. */
  set<N extends GaugeName>(name: N, labels: Labels<N>, value: number | undefined): void;
  set(name: string, labels: AnyLabels, value: number | undefined): void {
    const metric = this.#metrics.get(name);
    if (metric?.type !== "gauge") return;
    if (value === undefined) metric.client.remove(labels);
    else metric.client.set(labels, value);
  }

  /** Makes this state the one that is 1. */
  choose<N extends StateSetName>(name: N, subject: SubjectOf<N>, state: StateOf<N>): void;
  choose(name: string, subject: AnyLabels, state: string): void {
    const metric = this.#metrics.get(name);
    if (metric?.type !== "gauge" || metric.states === undefined) return;
    const { label, values } = metric.states;
    for (const value of values) {
      metric.client.set({ ...subject, [label]: value }, value === state ? 1 : 0);
    }
  }

  /** Removes the whole set. */
  unchoose<N extends StateSetName>(name: N, subject: SubjectOf<N>): void;
  unchoose(name: string, subject: AnyLabels): void {
    const metric = this.#metrics.get(name);
    if (metric?.type !== "gauge" || metric.states === undefined) return;
    const { label, values } = metric.states;
    for (const value of values) metric.client.remove({ ...subject, [label]: value });
  }

  observe<N extends HistogramName>(name: N, labels: Labels<N>, value: number): void;
  observe(name: string, labels: AnyLabels, value: number): void {
    const metric = this.#metrics.get(name);
    if (metric?.type === "histogram") metric.client.observe(labels, value);
  }

  /** Begins at 0 whatever is counted of this subject: what appears with a 1 has no increase to see. */
  zero(subject: AnyLabels): void {
    for (const { name, labels } of seriesOf(subject)) {
      const metric = this.#metrics.get(name);
      if (metric?.type === "counter") metric.client.inc(labels, 0);
      if (metric?.type === "histogram") metric.client.zero(labels);
    }
  }

  /** Removes all that is exposed of this subject. */
  drop(subject: AnyLabels): void {
    for (const { name, labels } of seriesOf(subject))
      this.#metrics.get(name)?.client.remove(labels);
  }

  /**
   * Prometheus' text format 0.0.4. With many units it is some megabytes: others get their turn on
   * the way, so a counter written late may be younger than one written early.
   */
  async render(): Promise<string> {
    const texts: string[] = [];
    let written = 0;
    for (const { name } of this.#client.getMetricsAsArray()) {
      const text = await this.#client.getSingleMetricAsString(name);
      texts.push(text, "\n\n");
      written += text.length;
      if (written < chunk) continue;
      written = 0;
      await turn();
    }
    return texts.join("");
  }
}

function create(client: Registry, name: string, family: Family): Metric {
  const { help, labels } = family;
  const options = { name, help, labelNames: Object.keys(labels), registers: [client] };
  switch (family.type) {
    case "counter":
      return { type: "counter", client: new Counter(options) };
    case "gauge": {
      const gauge = new Gauge(options);
      // The client begins at 0; ours are absent until there is something to say.
      if (options.labelNames.length === 0) gauge.remove({});
      return { type: "gauge", client: gauge, states: statesOf(family) };
    }
    case "histogram":
      return {
        type: "histogram",
        client: new Histogram({ ...options, buckets: [...family.buckets] }),
      };
    default:
      return family satisfies never;
  }
}

function statesOf(family: Extract<Family, { readonly type: "gauge" }>): States | undefined {
  if (family.oneOf === undefined) return undefined;
  const values = family.labels[family.oneOf] ?? "any";
  return values === "any" ? undefined : { label: family.oneOf, values };
}
