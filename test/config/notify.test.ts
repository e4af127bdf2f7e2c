import { describe, expect, test } from "vitest";
import { configOf, faultsOf, load } from "./load-from.ts";

describe("notify", () => {
  test("the defaults: all that needs a human, every quarter of an hour at most", async () => {
    const { notify } = await configOf({ yaml: "notify: [{name: mail, command: [/bin/true, -q]}]" });
    expect(notify).toEqual([
      {
        name: "mail",
        target: { kind: "command", command: ["/bin/true", "-q"] },
        on: [
          "unit-failing",
          "breaker-open",
          "check-failing",
          "backup-failed",
          "job-failed",
          "problem",
          "recovered",
        ],
        minInterval: 900_000,
        timeout: 20_000,
      },
    ]);
  });

  test("the address of a webhook is shown nowhere", async () => {
    const yaml = "notify: [{name: chat, url: 'https://chat.example.org/hooks/T0/SECRET'}]";
    const loaded = await load({ yaml });
    if (loaded.kind !== "loaded") throw new Error("it is faulty");
    expect(loaded.config.notify[0]?.target).toEqual({
      kind: "url",
      url: "https://chat.example.org/hooks/T0/SECRET",
    });
    expect(JSON.stringify(loaded.entries)).not.toContain("SECRET");
    const faults = await faultsOf({ yaml: "notify: [{name: chat, url: 'chat/SECRET'}]" });
    expect(faults).toHaveLength(1);
    expect(faults[0]).not.toContain("SECRET");
  });

  test.each([
    ["[{name: a}]", "one of command, url"],
    ["[{name: a, url: 'http://h/', command: [x]}]", "one of command, url"],
    ["[{name: a, url: 'http://h/'}, {name: a, url: 'http://h/'}]", "a"],
    ["[{name: a, url: 'http://h/', on: [death]}]", "unit-failing"],
    ["[{name: a, url: 'http://h/', min_interval: 0s}]", "a duration above 0"],
  ])("%s is refused", async (notify, words) => {
    expect((await faultsOf({ yaml: `notify: ${notify}` })).join("\n")).toContain(words);
  });
});
