import { expect, test } from "vitest";
import { InstalledDaemon } from "../support/systemd/installed-daemon.ts";
import { sharedContainer } from "../support/systemd/shared-container.ts";

const shared = sharedContainer();

const services = [{ name: "a", command: ["sleep", "100000"] }];

test("a daemon that makes progress is left alone", async (ctx) => {
  const container = await shared(ctx);
  await using daemon = await InstalledDaemon.install(container, {
    config: { services },
    service: ["WatchdogSec=3"],
  });
  await daemon.order("start");
  const pid = await daemon.mainPid();
  const fed = () => daemon.show("WatchdogTimestampMonotonic").then(Number);
  const first = await fed();
  await container.until("it is fed for longer than it may be silent", async () =>
    (await fed()) - first > 4_000_000 ? true : undefined,
  );
  expect(await daemon.mainPid()).toBe(pid);
});

test("one that is stuck is ended and started again, and its children are not touched", async (ctx) => {
  await using daemon = await InstalledDaemon.install(await shared(ctx), {
    config: { services },
    service: ["WatchdogSec=2"],
  });
  await daemon.order("start");
  const isReady = ({ ready }: { readonly ready: boolean }) => ready;
  const child = await daemon.untilUnit("service@a", isReady);
  const before = await daemon.mainPid();
  await daemon.signal("STOP");
  await daemon.anotherOne(before);
  expect((await daemon.untilUnit("service@a", isReady)).pid).toBe(child.pid);
  const said = (await daemon.journal()).map(({ message }) => message).join("\n");
  expect(said).toContain("Watchdog timeout (limit 2s)!");
  expect(said).toContain("Main process exited, code=killed, status=6/ABRT");
});
