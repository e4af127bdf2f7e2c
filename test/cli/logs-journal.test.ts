import { mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Context, JournalEntry } from "../../src/cli/context.ts";
import { FakePlane, flowRun, statusOf, unit } from "../control/support/fake-plane.ts";
import { temporaryFolder } from "../control/support/temporary-folder.ts";
import { cli, entriesOf, withDaemon } from "./support/fake-context.ts";

const at = new Date("2026-11-25T10:00:00Z");

const entry = (
  identifier: string,
  message: string,
  more: Partial<JournalEntry> = {},
): JournalEntry => ({ identifier, message, at, priority: 6, stream: "s1", ...more });

/** Answers what is asked for with these words, and remembers what was asked. */
function journalOf(answer: (words: string) => readonly JournalEntry[], complaint = "") {
  const asked: string[] = [];
  const journal: Context["journal"] = (words) => {
    asked.push(words.join(" "));
    return entriesOf(answer(words.join(" ")), complaint);
  };
  return { asked, journal };
}

const worker = unit("worker@vm", { log: "journalctl -t prefect-worker@vm" });
const server = unit("server", { log: "journalctl -t prefect-server" });

function withUnits(journal: Context["journal"]) {
  const plane = new FakePlane(statusOf([server, worker]));
  plane.flowRuns = [flowRun("calm-otter"), flowRun("calm-mole")];
  return withDaemon(plane, { journal }).then((daemon) => ({ ...daemon, plane }));
}

const said = [
  entry("prefect-server", "s1"),
  entry("prefect-worker@vm", "w1", { priority: 4 }),
  entry("prefect-server", "s2"),
];

describe("units that print into the journal", () => {
  test("are shown together, in their order", async () => {
    const { asked, journal } = journalOf(() => said);
    const { run, context } = await withUnits(journal);
    expect(await run("logs")).toBe(0);
    expect(asked).toEqual(["-n 50 -t prefect-server -t prefect-worker@vm"]);
    expect(context.out.text).toBe("server    | s1\nworker@vm | w1\nserver    | s2\n");
  });

  test("as JSON with time and level", async () => {
    const { run, context } = await withUnits(journalOf(() => said.slice(1, 2)).journal);
    await run("logs", "worker@vm", "--json");
    expect(JSON.parse(context.out.text)).toEqual({
      unit: "worker@vm",
      line: "w1",
      at: "2026-11-25T10:00:00.000Z",
      level: "warning",
    });
  });

  test.each([
    [["-n", "3"], "-n 3 -t prefect-server"],
    [["-p", "warn"], "-n 50 -p 4 -t prefect-server"],
    [["-f", "-n", "0"], "--follow -n 0 -t prefect-server"],
    [["--since", "2026-11-25T10:00Z"], "--since=@1795600800 -t prefect-server"],
    [
      ["-f", "--since", "2026-11-25T10:00Z"],
      "--follow --no-tail --since=@1795600800 -t prefect-server",
    ],
    [["--until", "2026-11-25T10:00Z"], "-n 50 --until=@1795600800 -t prefect-server"],
  ])("%o asks for: %s", async (words, expected) => {
    const { asked, journal } = journalOf(() => []);
    const { run } = await withUnits(journal);
    expect(await run("logs", "server", ...words)).toBe(0);
    expect(asked).toEqual([expected]);
  });

  test("the last lines of a span are counted here", async () => {
    const { run, context } = await withUnits(journalOf(() => said).journal);
    await run("logs", "server", "--since", "1h", "-n", "2");
    expect(context.out.text).toBe("w1\ns2\n");
  });

  test.each(["-p loud", "--since soon", "--until 25:00"])("%s is wrong usage", async (words) => {
    const { run } = await withUnits(journalOf(() => []).journal);
    expect(await run("logs", ...words.split(" "))).toBe(2);
  });

  test("who may not read the journal is told so, and what to do", async () => {
    const complaint = "No journal files were opened due to insufficient permissions.\n";
    const { run, context } = await withUnits(journalOf(() => [], complaint).journal);
    expect(await run("logs")).toBe(1);
    expect(context.err.text).toContain("usermod -aG systemd-journal");
  });

  test("a hint beside what is shown is none of the reader's business", async () => {
    const complaint = "Hint: You are currently not seeing messages from other users.\n";
    const { run, context } = await withUnits(journalOf(() => said, complaint).journal);
    expect([await run("logs"), context.err.text]).toEqual([0, ""]);
  });
});

describe("without a daemon", () => {
  test("who may not read the journal is told of that, too", async () => {
    const complaint = "No journal files were opened due to insufficient permissions.\n";
    const { status, err } = await cli(["logs"], {
      env: { SAILS_STATE_DIR: temporaryFolder() },
      journal: journalOf(() => [], complaint).journal,
    });
    expect(status).toBe(3);
    expect(err).toContain("the daemon does not run");
    expect(err).toContain("And if it runs under systemd, the journal shows you nothing of it");
  });

  test("what is newer counts, of a unit that printed into both", async () => {
    const stateDir = temporaryFolder();
    mkdirSync(join(stateDir, "logs"));
    const older = new Date(at.getTime() - 1000);
    for (const [name, time] of [
      ["server", older],
      ["worker@vm", new Date(at.getTime() + 1000)],
    ] as const) {
      writeFileSync(join(stateDir, `logs/${name}.log`), `${name} in a file\n`);
      utimesSync(join(stateDir, `logs/${name}.log`), time, time);
    }
    const { out } = await cli(["logs"], {
      env: { SAILS_STATE_DIR: stateDir },
      journal: journalOf((words) =>
        words.includes("prefect-server") ? said.slice(0, 1) : said.slice(1, 2),
      ).journal,
      journalIdentifiers: async () => ["prefect-server", "prefect-worker@vm", "sshd", "service@t"],
    });
    expect(out).toContain("server    | s1\n");
    expect(out).toContain("worker@vm | worker@vm in a file\n");
    expect(out).not.toContain("server in a file");
  });
});

describe("--run", () => {
  const id = "0f2b1c9e-5a61-4c1e-9f53-3a3c8f0a7d11";
  const begins = `sails-supervisor: flow run ${id} begins`;
  const output = [entry("prefect-run", begins), entry("prefect-run", "printed")];

  test("shows what came over its streams", async () => {
    const { asked, journal } = journalOf((words) =>
      words.includes("MESSAGE=")
        ? [entry("prefect-run", begins), entry("prefect-run", begins, { stream: "s2" })]
        : output,
    );
    const { run, context } = await withUnits(journal);
    expect(await run("logs", "--run", id)).toBe(0);
    expect(asked).toEqual([`-t prefect-run MESSAGE=${begins}`, "_STREAM_ID=s1 _STREAM_ID=s2"]);
    expect(context.out.text).toBe(`${begins}\nprinted\n`);
  });

  test("that is alive goes by its name", async () => {
    const { asked, journal } = journalOf(() => output);
    const { run, plane } = await withUnits(journal);
    expect(await run("logs", "--run", "calm-otter", "-f")).toBe(0);
    const [otter] = plane.flowRuns;
    expect(asked[0]).toBe(`-t prefect-run MESSAGE=sails-supervisor: flow run ${otter?.id} begins`);
    expect(asked.at(-1)).toBe("--follow --no-tail _STREAM_ID=s1");
  });

  test("that has ended is found by the beginning of its id, or by its name in Prefect's lines", async () => {
    const byId = journalOf((words) => (words.includes("MESSAGE=") ? [] : output));
    await (await withUnits(byId.journal)).run("logs", "--run", "0f2b1c9e");
    expect(byId.asked[1]).toContain(
      "--grep=^sails-supervisor: flow run 0f2b1c9e[0-9a-f-]* begins$",
    );
    const byName = journalOf((words) => (words.includes("MESSAGE=") ? [] : output));
    await (await withUnits(byName.journal)).run("logs", "--run", "red-fox");
    expect(byName.asked[1]).toBe("-t prefect-run -n 1 --grep=Flow run 'red-fox'");
  });

  test("of which nothing is known", async () => {
    const { run, context } = await withUnits(journalOf(() => []).journal);
    expect(await run("logs", "--run", id)).toBe(1);
    expect(context.err.text).toContain(`no output of a flow run ${id} is here`);
    expect(await run("logs", "--run", id, "server")).toBe(2);
  });

  test("that prints into a file", async () => {
    const { run, context, stateDir } = await withUnits(journalOf(() => []).journal);
    mkdirSync(join(stateDir, "logs/runs"), { recursive: true });
    writeFileSync(join(stateDir, `logs/runs/${id}.log`), "in a file\n".repeat(60));
    expect(await run("logs", "--run", "0f2b1c9e")).toBe(0);
    expect(context.out.text).toBe("in a file\n".repeat(60));
  });
});
