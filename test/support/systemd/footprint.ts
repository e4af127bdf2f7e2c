/** What an installation leaves on a machine. */
import type { SystemdContainer } from "./container.ts";

/** Neither the machine's own business nor a place that tests bring things to. */
const elsewhere = [
  ...["/proc", "/sys", "/dev", "/tmp", "/srv", "/mnt", "/var/log/journal", "/run/systemd/journal"],
];

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

  /** What was not there before and has the name of the program in it, sorted. */
  async left(): Promise<readonly string[]> {
    const now = await paths(this.#container);
    return now
      .filter((path) => !this.#before.has(path) && path.includes("sails-supervisor"))
      .toSorted();
  }
}

async function paths(container: SystemdContainer): Promise<readonly string[]> {
  const pruned = elsewhere.flatMap((path) => ["-path", path, "-o"]).slice(0, -1);
  const found = await container.ask(["find", "/", "(", ...pruned, ")", "-prune", "-o", "-print"]);
  return found.split("\n");
}
