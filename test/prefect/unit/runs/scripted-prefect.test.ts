import { expect, test } from "vitest";
import { titleOf, transitions } from "../../../support/orchestration.ts";
import { at } from "./given.ts";
import { ScriptedPrefect } from "./scripted-prefect.ts";

test.each(transitions.map((transition) => [titleOf(transition), transition] as const))(
  "orchestrates %s as Prefect does",
  async (_, { through, to, name, said, then }) => {
    const prefect = new ScriptedPrefect(() => at(0));
    prefect.add("a", through);
    const answer = await prefect.setState("a", { type: to, name: name ?? to, message: "" });
    if (answer.kind !== "ok") throw new Error(answer.why);
    if (said === "accepted") expect(answer.value).toEqual({ kind: "accepted" });
    else expect(answer.value).toMatchObject({ why: expect.stringMatching(said) });
    const after = await prefect.run("a");
    expect(after).toMatchObject({ kind: "ok", value: { state: { type: then } } });
  },
);
