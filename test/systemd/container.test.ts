import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { bootId } from "../../src/host/processes.ts";
import { sharedContainer } from "../support/systemd/shared-container.ts";

const shared = sharedContainer();

test("a reboot keeps what was written, ends what ran and has another boot id", async (ctx) => {
  const container = await shared(ctx);
  const idOf = () => container.ask(["cat", "/proc/sys/kernel/random/boot_id"]);
  const before = await idOf();
  expect(before).not.toBe(bootId());
  await container.write("/var/lib/kept/file", "kept\n");
  container.spawn(["sleep", "100000"]);
  await container.until("it runs", async () =>
    (await container.run(["pgrep", "sleep"])).status === 0 ? true : undefined,
  );
  await container.reboot();
  expect(await container.ask(["cat", "/var/lib/kept/file"])).toBe("kept");
  expect((await container.run(["pgrep", "sleep"])).status).toBe(1);
  expect(await idOf()).not.toBe(before);
});

test("its loopback is its own, and can be reached", async (ctx) => {
  const container = await shared(ctx);
  await container.write("/srv/page", "hello");
  const server = container.spawn(["python3", "-m", "http.server", "-d", "/srv", "8000"]);
  const url = await container.forward(8000);
  const answer = await container.until("it answers", () =>
    fetch(`${url}/page`).then(
      (response) => response.text(),
      () => undefined,
    ),
  );
  expect(answer).toBe("hello");
  expect(readFileSync("/proc/net/tcp", "latin1")).not.toContain("0100007F:1F40 ");
  server.kill();
});
