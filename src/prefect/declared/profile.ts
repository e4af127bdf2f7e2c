/** The profile in `profiles.toml`: for the shells of people, so that a bare `prefect` finds the server. */
import { parse, stringify, type TomlTable } from "smol-toml";

export type ProfilePlan =
  | { readonly kind: "in-order" }
  | {
      readonly kind: "write";
      readonly text: string;
      /** The address that stands there now, if any. */
      readonly from: unknown;
    }
  | { readonly kind: "unreadable"; readonly why: string };

/**
 * Other profiles stay as they are, and so does the choice of the active one.
 * @param text what `profiles.toml` holds now; undefined if there is none
 */
export function planProfile(text: string | undefined, name: string, url: string): ProfilePlan {
  let document: TomlTable;
  try {
    document = parse(text ?? "");
  } catch (error) {
    return { kind: "unreadable", why: String(error).split("\n")[0] ?? String(error) };
  }
  const profiles = tableIn(document, "profiles");
  const profile = tableIn(profiles, name);
  if (profile["PREFECT_API_URL"] === url && document["active"] !== undefined) {
    return { kind: "in-order" };
  }
  const next: TomlTable = {
    active: document["active"] ?? name,
    ...document,
    profiles: { ...profiles, [name]: { ...profile, PREFECT_API_URL: url } },
  };
  return { kind: "write", text: `${stringify(next)}\n`, from: profile["PREFECT_API_URL"] };
}

const tableIn = (table: TomlTable, key: string): TomlTable => {
  const value = table[key];
  return isTable(value) ? value : {};
};

const isTable = (value: TomlTable[string] | undefined): value is TomlTable =>
  Object.prototype.toString.call(value) === "[object Object]";
