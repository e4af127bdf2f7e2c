/** sails-supervisor.yaml(5), out of the schema of the configuration. */
import { type KeyDoc, listKeys } from "../../src/config/reference.ts";
import * as roff from "./roff.ts";

export function configPage(of: roff.PageOf): string {
  return `${[
    roff.title("sails-supervisor.yaml", 5, of),
    roff.section("NAME", "sails\\-supervisor.yaml \\- configuration of sails\\-supervisor"),
    roff.section("SYNOPSIS", ".I /etc/sails\\-supervisor/config.yaml"),
    roff.section("DESCRIPTION", roff.plain(description)),
    roff.section("KEYS", ...listKeys().map(describe)),
    roff.section("SEE ALSO", roff.plain("sails-supervisor(8)")),
  ].join("\n")}\n`;
}

const description =
  "Every key is optional unless it says otherwise; an unknown key is an error. `sails-supervisor config check` names every fault with its place, `sails-supervisor config show` says where each value comes from. Durations are 500ms, 30s, 15m, 12h or 7d.";

function describe(doc: KeyDoc): string {
  const facts = [
    `Type: ${doc.type}.`,
    doc.isRequired ? "Required." : doc.default && `Default: ${doc.default}.`,
    doc.variable && `Environment: ${doc.variable}.`,
  ].filter((fact) => fact !== undefined && fact !== "");
  const example = doc.example === undefined ? "" : `\n.br\nExample: ${roff.plain(doc.example)}`;
  return `${roff.term(doc.key, doc.meaning)}\n.br\n${roff.plain(facts.join(" "))}${example}`;
}
