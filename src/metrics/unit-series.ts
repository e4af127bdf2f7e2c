/** Which units there are, and under which labels; makes their series, and removes those of units that are gone. */
import type { UnitSpec } from "../supervision/unit-spec.ts";
import type { Labels } from "./catalogue.ts";
import type { MetricRegistry } from "./registry.ts";

type UnitFacts = Labels<"sails_unit_info">;
type UnitLabels = Labels<"sails_unit_up">;
type Role = UnitFacts["role"];

export interface KnownUnit {
  readonly labels: UnitLabels;
  readonly facts: UnitFacts;
}

export type DeclaredUnit = Pick<UnitSpec, "name" | "labels">;

export class UnitSeries {
  readonly #registry: MetricRegistry;
  #units: ReadonlyMap<string, KnownUnit> = new Map();

  constructor(registry: MetricRegistry) {
    this.#registry = registry;
  }

  /** Undefined for a unit that is not, or no longer, declared: of it nothing is said, though it may still be stopping. */
  get(name: string): KnownUnit | undefined {
    return this.#units.get(name);
  }

  declare(units: readonly DeclaredUnit[]): void {
    const before = this.#units;
    const after = new Map(units.map((unit) => [unit.name, this.#known(unit)]));
    for (const [name, known] of before) if (after.get(name) !== known) this.#remove(known);
    for (const [name, known] of after) if (before.get(name) !== known) this.#create(known);
    this.#units = after;
  }

  /** What is known already stays as it is, with its counts, unless its labels have changed. */
  #known({ name, labels }: DeclaredUnit): KnownUnit {
    const pool = labels["pool"] ?? "";
    const facts = {
      unit: name,
      pool,
      role: roleOf(labels["role"]),
      pool_type: labels["pool_type"] ?? "",
    };
    const known = this.#units.get(name);
    const isSame =
      known?.facts.pool === pool &&
      known.facts.role === facts.role &&
      known.facts.pool_type === facts.pool_type;
    return isSame ? known : { labels: { unit: name, pool }, facts };
  }

  #create({ labels, facts }: KnownUnit): void {
    this.#registry.zero({ ...labels });
    this.#registry.set("sails_unit_info", facts, 1);
  }

  #remove({ labels, facts }: KnownUnit): void {
    this.#registry.drop({ ...labels });
    this.#registry.set("sails_unit_info", facts, undefined);
  }
}

function roleOf(role: string | undefined): Role {
  return role === "server" || role === "worker" ? role : "service";
}
