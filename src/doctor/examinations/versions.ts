/** Versions of Prefect, FastAPI and SQLAlchemy that install together and do not work together. */
import { join } from "node:path";
import { type Examination, listed, seenOf } from "../examination.ts";
import type { Finding } from "../finding.ts";
import type { Scene } from "../ports.ts";

export const versions: Examination = {
  name: "versions",
  finds:
    "Prefect, FastAPI and SQLAlchemy have versions that do not work together, or Prefect is missing",
  examine: async (scene) => {
    const { path } = scene.config.environment;
    if (scene.prefect === undefined || path === undefined) return [];
    const packages = await packagesIn(scene, path);
    return packages === undefined ? [] : judgeVersions(packages, path);
  },
};

/** By name in lower case; undefined where there is no such environment, which the units tell. */
async function packagesIn(
  { eyes }: Scene,
  path: string,
): Promise<ReadonlyMap<string, string> | undefined> {
  const pattern = "lib/python3*/site-packages/[pPfFsS][rRaAqQ][eEsSlL]*-[0-9]*.dist-info";
  const found = seenOf(await eyes.matching(path, pattern));
  if (found === undefined) return undefined;
  return new Map(
    found.flatMap((name) => {
      const [, known, version] = /([^/]+?)-([^-/]+)\.dist-info$/.exec(name) ?? [];
      return known === undefined || version === undefined ? [] : [[known.toLowerCase(), version]];
    }),
  );
}

/** What was seen to fail, and what Prefect itself has excluded since. */
const unfit = [
  {
    name: "fastapi",
    from: [0, 165],
    severity: "fault",
    why: "the server ends at its start with `TypeError: Body() got an unexpected keyword argument`",
    pin: "fastapi<0.151",
  },
  {
    name: "fastapi",
    from: [0, 151],
    severity: "warning",
    why: "Prefect has excluded these versions since 3.9: the server may not start",
    pin: "fastapi<0.151",
  },
  {
    name: "sqlalchemy",
    from: [2, 1],
    severity: "fault",
    why: "the scheduler makes no flow runs, and the server calls itself healthy all the same",
    pin: "sqlalchemy<2.1",
  },
] as const;

export function judgeVersions(
  packages: ReadonlyMap<string, string>,
  path: string,
): readonly Finding[] {
  const prefect = packages.get("prefect");
  if (prefect === undefined) {
    return [
      {
        id: "versions:prefect",
        severity: "fault",
        what: `no Prefect is installed in ${path}`,
        why: "neither server nor workers can start",
        cure: `\`sails-supervisor env sync\` builds it where environment.project says what belongs into it; else \`${join(path, "bin/python")} -m pip install prefect\``,
      },
    ];
  }
  // From 3.9 on it works with SQLAlchemy 2.1, and names the FastAPI that it needs itself.
  if (!isBelow(prefect, [3, 9])) return [];
  const found = unfit.flatMap(({ name, from, severity, why, pin }) => {
    const version = packages.get(name);
    if (version === undefined || isBelow(version, from)) return [];
    return [{ name, version, severity, why, pin }];
  });
  const first = found.filter(
    ({ name }, index) => found.findIndex((one) => one.name === name) === index,
  );
  return first.map(({ name, version, severity, why, pin }) => ({
    id: `versions:${name}`,
    severity,
    what: `Prefect ${prefect} does not work with ${name} ${version} (in ${path})`,
    why,
    cure: `pin it: \`uv add '${pin}'\` in the project, then \`sails-supervisor env sync\`; without a project, \`uv pip install --python ${join(path, "bin/python")} ${listed(first.map((one) => `'${one.pin}'`)).replaceAll(",", "")}\` and restart the server`,
  }));
}

function isBelow(version: string, limit: readonly number[]): boolean {
  const parts = version.split(".").map((part) => Number.parseInt(part, 10) || 0);
  for (const [index, wanted] of limit.entries()) {
    const part = parts[index] ?? 0;
    if (part !== wanted) return part < wanted;
  }
  return false;
}
