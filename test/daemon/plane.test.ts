import { expect, test } from "vitest";
import { Memory } from "../../src/daemon/memory.ts";
import { Plane, type PlaneDeps } from "../../src/daemon/plane.ts";

/** A plane over one unit, and a disk that takes its time. */
function slowly() {
  const orders: string[] = [];
  const units = [{ spec: { name: "a" } }];
  const supervisor = { units, stop: (name: string) => orders.push(name) };
  const written = Promise.withResolvers<void>();
  const file = { path: "/state.json", write: () => written.promise };
  const remembered = { stopped: [] as string[] };
  const memory = new Memory(file as never, remembered as never, () => undefined);
  const plane = new Plane({ supervisor, memory } as unknown as PlaneDeps);
  return { plane, orders, memory, written };
}

test("an order is carried out at once, and acknowledged when it would survive a loss of power", async () => {
  const { plane, orders, memory, written } = slowly();
  const acknowledged: string[] = [];
  const order = plane.order("stop", ["a"]).then(({ kind }) => acknowledged.push(kind));
  expect(orders).toEqual(["a"]);
  expect(memory.now.stopped).toEqual(["a"]);
  await new Promise((done) => setImmediate(done));
  expect(acknowledged).toEqual([]);
  written.resolve();
  await order;
  expect(acknowledged).toEqual(["done"]);
});
