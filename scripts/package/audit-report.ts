/** What `npm audit --json` says. */
import * as z from "zod";

export type Audit =
  | { readonly kind: "clean"; readonly packages: number }
  | { readonly kind: "vulnerable"; readonly found: readonly Finding[] }
  | { readonly kind: "unanswered"; readonly why: string };

export interface Finding {
  readonly name: string;
  readonly severity: string;
  /** Of the advisories; none where only what it depends on has one. */
  readonly titles: readonly string[];
}

const answered = z.object({
  vulnerabilities: z.record(
    z.string(),
    z.object({
      severity: z.string(),
      via: z.array(z.union([z.string(), z.object({ title: z.string() })])),
    }),
  ),
  metadata: z.object({ dependencies: z.object({ total: z.number() }) }),
});
const failed = z.object({ message: z.string() });

export function readAudit(text: string): Audit {
  const json = parsed(text);
  const answer = answered.safeParse(json);
  if (!answer.success) {
    const why = failed.safeParse(json);
    return { kind: "unanswered", why: why.success ? why.data.message : "npm printed no report" };
  }
  const { vulnerabilities, metadata } = answer.data;
  const found = Object.entries(vulnerabilities).map(([name, { severity, via }]) => ({
    name,
    severity,
    titles: via.flatMap((one) => (typeof one === "string" ? [] : [one.title])),
  }));
  return found.length > 0
    ? { kind: "vulnerable", found }
    : { kind: "clean", packages: metadata.dependencies.total };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export function sentences(audit: Audit): readonly string[] {
  if (audit.kind === "clean") {
    return [`no vulnerability is known in the ${audit.packages} packages that are shipped`];
  }
  if (audit.kind === "vulnerable") {
    return audit.found.map(({ name, severity, titles }) => {
      const why = titles.length > 0 ? titles.join("; ") : "by what it depends on";
      return `${name}: ${severity}: ${why}`;
    });
  }
  const [why] = audit.why.split("\n");
  return [
    `skipped: the registry does not tell of vulnerabilities: ${why}`,
    "What to do: run it with npm's own registry, not a mirror",
  ];
}
