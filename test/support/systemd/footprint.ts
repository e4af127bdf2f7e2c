/** What an installation leaves on a machine. */
import type { SystemdContainer } from "./container.ts";

/** Systemd's own, and where tests bring things to. */
const elsewhere = ["/tmp", "/srv", "/mnt", "/var/log/journal", "/run/systemd", "/run/log"];

export class Footprint {
  readonly #container: SystemdContainer;
  readonly #before: ReadonlySet<string>;

  private constructor(container: SystemdContainer, before: readonly string[]) {
    this.#container = container;
    this.#before = new Set(before);
  }

  static async of(container: SystemdContainer): Promise<Footprint> {
    return new Footprint(container, await paths(container));
  }

  /** What was not there before, sorted. */
  async left(): Promise<readonly string[]> {
    const now = await paths(this.#container);
    return now.filter((path) => !this.#before.has(path)).toSorted();
  }
}

async function paths(container: SystemdContainer): Promise<readonly string[]> {
  const pruned = elsewhere.flatMap((path) => ["-path", path, "-o"]).slice(0, -1);
  // What is bound into the container is on other devices.
  const where = ["/", "/run", "-xdev"];
  const found = await container.ask([
    "find",
    ...where,
    "(",
    ...pruned,
    ")",
    "-prune",
    "-o",
    "-print",
  ]);
  return found.split("\n");
}
