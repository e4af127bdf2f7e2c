import { describe, expect, test } from "vitest";
import {
  absenceReply,
  acceptsWebsocket,
  inTurn,
  isPatient,
  maintenanceHeader,
  placeFor,
  recall,
} from "../../../src/prefect/absence.ts";
import { prefectUnits } from "../../../src/prefect/units.ts";
import { ms, seconds } from "../../../src/supervision/time.ts";
import { initial, type Phase, type StopCause } from "../../../src/supervision/unit-state.ts";
import type { UnitView } from "../../../src/supervision/unit-view.ts";
import { configOf, ScriptedApi, ScriptedMachine } from "./given.ts";

const now = seconds(100);
const since = seconds(90);
const down = (why: Extract<Phase, { kind: "down" }>["why"]): Phase => ({
  kind: "down",
  since,
  why,
});
const waiting = (...kinds: ("port" | "volume" | "environment")[]): Phase => ({
  kind: "waiting",
  since,
  blockers: kinds.map((kind) => ({ kind, why: `something with the ${kind}` })),
});
const stopping = (kind: "operator" | "restart" | "shutdown"): Phase => {
  const cause: StopCause = { kind };
  return {
    kind: "stopping",
    since,
    spawnedAt: since,
    readySince: since,
    isQuiescing: false,
    rung: 0,
    cause,
  };
};
const starting: Phase = { kind: "starting", spawnedAt: since, until: since };
const running: Phase = {
  kind: "running",
  spawnedAt: since,
  readySince: since,
  unready: undefined,
};
const backingOff = (until: number): Phase => ({ kind: "backing-off", since, until: ms(until) });
const broken = (until: number): Phase => ({ kind: "broken", since, until: ms(until) });

describe("whose the port is", () => {
  test.each<[string, Phase, string]>([
    ["stopped by the operator", down("operator"), "stand"],
    ["stopped since before this daemon", down("never-started"), "stand"],
    ["stopped with everything", down("shutdown"), "leave"],
    ["at an end", down("finished"), "leave"],
    ["about to start", waiting(), "hold"],
    ["waiting for its volume", waiting("volume"), "stand"],
    ["waiting for its environment and volume", waiting("environment", "volume"), "stand"],
    ["waiting for its port", waiting("port"), "leave"],
    ["waiting for its port among others", waiting("volume", "port"), "leave"],
    ["starting", starting, "leave"],
    ["running", running, "leave"],
    ["running, not ready", { ...running, unready: "no answer" }, "leave"],
    ["being restarted", stopping("restart"), "stand"],
    ["being stopped", stopping("operator"), "stand"],
    ["being stopped with everything", stopping("shutdown"), "leave"],
    ["dead for a while", backingOff(now + 5_000), "stand"],
    ["broken", broken(now + 300_000), "stand"],
  ])("%s", (_, phase, place) => {
    expect(placeFor(phase)).toBe(place);
  });
});

describe("when a client asks again", () => {
  const later = { kind: "return", after: seconds(2), backWithin: ms(2_900) };
  const wait = { kind: "wait" };

  test.each<[string, Phase, object]>([
    ["nobody knows when the server comes", down("operator"), later],
    ["something is in its way", waiting("volume"), later],
    ["its trial is minutes away", broken(now + 200_000), later],
    ["its start is not yet near", backingOff(now + 2_901), later],
    ["its start is nearer than the client's return", backingOff(now + 2_900), wait],
    ["its start is overdue", backingOff(now - 10), wait],
    ["its start is being prepared", waiting(), wait],
    ["it is being restarted", stopping("restart"), wait],
    ["it is being stopped", stopping("operator"), later],
    ["it starts, and has done so for as long as a client can wait", starting, later],
  ])("%s", (_, phase, expected) => {
    expect(recall(phase, now, false)).toEqual(expected);
  });

  test("a start needs the port: nobody is sent away to return in the middle of it", () => {
    expect(recall(waiting("volume"), now, true)).toEqual(wait);
    expect(recall(down("operator"), now, true)).toEqual(wait);
  });

  test("the server is there: at once", () => {
    expect(recall(running, now, false)).toEqual({ kind: "ask" });
    expect([0, 1, 20, 1000].map(inTurn)).toEqual([0, 100, 2_000, 5_000]);
  });

  test.each([
    ["prefect/3.8.8 (API 0.8.4)", true],
    ["Mozilla/5.0 (X11; Linux x86_64)", false],
    ["curl/8.5.0", false],
    ["node", false],
    ["", false],
  ])("%j can wait: %s", (agent, expected) => {
    expect(isPatient(agent)).toBe(expected);
  });

  test.each([
    ["prefect/3.8.8 (API 0.8.4)", false],
    ["Python/3.11 websockets/15.0.1", true],
    ["Mozilla/5.0 (X11; Linux x86_64)", true],
  ])("a websocket of %j is accepted: %s", (agent, expected) => {
    expect(acceptsWebsocket(agent)).toBe(expected);
  });
});

describe("what is answered", () => {
  const [spec] = prefectUnits({
    config: configOf(),
    machine: new ScriptedMachine(),
    database: { blocker: () => Promise.resolve(undefined) },
    runLauncher: { program: "/usr/lib/sails/libexec/flow-run", cgroup: undefined },
    serverLauncher: "/usr/lib/sails/libexec/prefect-server",
    quiesce: () => Promise.resolve(),
    api: new ScriptedApi(),
    program: "/opt/env/bin/prefect",
    capabilities: undefined,
    healthPort: () => 1,
    hasJustAnswered: () => false,
    whyNoEnvironment: () => undefined,
    releasePort: () => Promise.resolve(),
    now: () => ms(0),
    canWrite: async () => true,
    serverHides: () => ({ kind: "pass" as const }),
    base: {},
    binDirectory: undefined,
    auth: undefined,
  });
  if (spec === undefined) throw new Error("there is no server");
  const server: UnitView = {
    spec,
    state: { ...initial, phase: down("operator") },
    pid: undefined,
  };
  const replyTo = (path: string, isOpen = true) =>
    absenceReply({ server, now, path, after: seconds(2), isOpen });

  test.each(["/api/health", "/api", "/api/flow_runs/filter?x=1"])(
    "%s: JSON for Prefect's clients, in the shape of Prefect's own errors",
    (path) => {
      const { headers, body } = replyTo(path);
      expect(headers).toEqual({
        [maintenanceHeader]: "true",
        "Retry-After": "2",
        "Content-Type": "application/json",
      });
      expect(JSON.parse(body)).toEqual({
        exception_message: "Prefect's server is away: stopped by the operator",
        detail: expect.stringContaining("Ask again later"),
      });
    },
  );

  test.each(["/", "/dashboard", "/apifoo", "/v2/runs"])("%s: a page for people", (path) => {
    const { headers, body } = replyTo(path);
    expect(headers).toMatchObject({
      "Content-Type": "text/plain; charset=utf-8",
      "Retry-After": "2",
      Refresh: "5",
    });
    expect(body).toContain("It is stopped: stopped by the operator.");
    expect(body).toContain("`sails-supervisor start server` starts it");
    expect(body).toContain("set server.enabled to false");
  });

  test("where the server asks for a password, nobody learns why without one", () => {
    for (const path of ["/", "/api/health"]) {
      expect(replyTo(path, false).body).not.toContain("operator");
    }
    expect(replyTo("/", false).body).toContain("`sails-supervisor status` says why");
  });
});
