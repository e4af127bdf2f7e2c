import * as fc from "fast-check";
import { parse } from "smol-toml";
import { describe, expect, test } from "vitest";
import { planProfile } from "../../../src/prefect/declared/profile.ts";

const url = "http://127.0.0.1:4200/api";

function written(text: string | undefined, name = "server") {
  const plan = planProfile(text, name, url);
  if (plan.kind !== "write") throw new Error(`nothing is written: ${plan.kind}`);
  return { text: plan.text, document: parse(plan.text) };
}

describe("what is written", () => {
  test.each([undefined, "", "# nothing yet\n"])(
    "into %j: the profile, as the active one",
    (text) => {
      expect(written(text).document).toEqual({
        active: "server",
        profiles: { server: { PREFECT_API_URL: url } },
      });
    },
  );

  test("the active one stands at the top, as Prefect has it", () => {
    expect(written("[profiles.other]\nA = '1'\n").text).toMatch(/^active = "server"\n/);
  });

  test("other profiles, other settings and the choice of another one are kept", () => {
    const before = `active = "cloud"

[profiles.cloud]
PREFECT_API_URL = "https://api.prefect.cloud/api"
PREFECT_API_KEY = "pnu_x"

[profiles.server]
PREFECT_API_URL = "http://127.0.0.1:4242/api"
PREFECT_LOGGING_LEVEL = "DEBUG"
`;
    expect(written(before).document).toEqual({
      active: "cloud",
      profiles: {
        cloud: { PREFECT_API_URL: "https://api.prefect.cloud/api", PREFECT_API_KEY: "pnu_x" },
        server: { PREFECT_API_URL: url, PREFECT_LOGGING_LEVEL: "DEBUG" },
      },
    });
  });

  test("without a choice, ours is chosen, though the profile is right", () => {
    const before = `[profiles.server]\nPREFECT_API_URL = "${url}"\n`;
    expect(written(before).document["active"]).toBe("server");
  });
});

test("nothing is written if all is right, whatever else stands there", () => {
  const text = `# mine\nactive = "cloud"\n[profiles.server]\nPREFECT_API_URL = '${url}'\n`;
  expect(planProfile(text, "server", url)).toEqual({ kind: "in-order" });
});

test.each([
  ["a bracket that is never closed", "[profiles\n"],
  ["the same key twice", 'active = "a"\nactive = "b"\n'],
  ["what was never TOML", "{]"],
])("%s: nothing is overwritten, and one line says why", (_, text) => {
  const plan = planProfile(text, "server", url);
  expect(plan).toMatchObject({ kind: "unreadable", why: expect.stringMatching(/^.+$/) });
});

test("what has been written is in order, and holds all that was there before", () => {
  const name = fc.stringMatching(/^[A-Za-z0-9_-]{1,8}$/).filter((each) => each !== "__proto__");
  const settings = fc.dictionary(name, fc.string());
  const document = fc.record(
    { active: fc.string(), profiles: fc.dictionary(name, settings), other: fc.boolean() },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(document, name, fc.webUrl(), (before, profile, address) => {
      const toml = Object.entries(before).map(([key, value]) =>
        key === "profiles"
          ? Object.entries(value).map(([each, table]) =>
              [`[profiles.${each}]`, ...entriesOf(table)].join("\n"),
            )
          : `${key} = ${JSON.stringify(value)}`,
      );
      const text = toml.flat().join("\n");
      const plan = planProfile(text, profile, address);
      if (plan.kind === "in-order") return;
      if (plan.kind === "unreadable") throw new Error(`${plan.why}: ${text}`);
      expect(planProfile(plan.text, profile, address)).toEqual({ kind: "in-order" });
      expect(parse(plan.text)).toMatchObject(without(parse(text), profile));
    }),
    { numRuns: 300 },
  );
});

const entriesOf = (table: Record<string, string>): readonly string[] =>
  Object.entries(table).map(([key, value]) => `${key} = ${tomlText(value)}`);

const tomlText = (value: string): string =>
  `"${Array.from(value, (sign) => `\\U${sign.codePointAt(0)?.toString(16).padStart(8, "0")}`).join("")}"`;

function without(document: object, profile: string): object {
  const { profiles = {}, ...rest } = document as { profiles?: Record<string, object> };
  const { [profile]: ours = {}, ...others } = profiles;
  const { PREFECT_API_URL: _, ...kept } = ours as Record<string, string>;
  return { ...rest, profiles: { ...others, [profile]: kept } };
}
