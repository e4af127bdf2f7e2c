/** The lines of a locked requirements file: what must be installed, and whether it is. */

export interface Requirements {
  /** What is left for uv: without the project itself, whose code is used where it lies. */
  readonly text: string;
  /** Name and version of each pinned package, where it may be needed. */
  readonly pins: ReadonlyMap<string, Pin>;
  /** Folders of packages that are no downloads, relative to the project. */
  readonly localFolders: readonly string[];
  /** Whether the project itself is one of the packages. */
  readonly hasProject: boolean;
  /** How many packages they are. */
  readonly count: number;
}

interface Pin {
  readonly versions: readonly string[];
  /** Whether it is for every machine, or for those alone that a marker names. */
  readonly isForAll: boolean;
}

const pinPattern = /^([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?\s*===?\s*([^\s;\\]+)\s*(;?)/;

export function parseRequirements(text: string): Requirements {
  const kept: string[] = [];
  const pins = new Map<string, Pin>();
  const localFolders: string[] = [];
  let hasProject = false;
  let others = 0;
  for (const line of text.split("\n")) {
    const folder = localFolder(line);
    if (folder === ".") {
      hasProject = true;
      continue;
    }
    if (folder !== undefined) {
      localFolders.push(folder);
      // A copy is installed: what is edited in the project afterwards would not be seen in it.
      kept.push(line.replace(/^-e\s+|^--editable[\s=]+/, ""));
      continue;
    }
    kept.push(line);
    const found = pinPattern.exec(line);
    if (found !== null) {
      const [, name = "", version = "", marker] = found;
      const key = normalName(name);
      const versions = [...(pins.get(key)?.versions ?? []), version];
      pins.set(key, { versions, isForAll: marker === "" });
    } else if (/^[A-Za-z0-9]/.test(line)) others += 1;
  }
  const count = pins.size + localFolders.length + others;
  return { text: kept.join("\n"), pins, localFolders, hasProject, count };
}

/** As PyPI compares them. */
export const normalName = (name: string): string => name.toLowerCase().replaceAll(/[-_.]+/g, "-");

function localFolder(line: string): string | undefined {
  const path = /^(?:(?:-e|--editable)[\s=]+)?(\.{1,2}(?:\/[^\s;]*)?)\s*(?:;.*)?$/.exec(line)?.[1];
  if (path === undefined) return /^(?:-e|--editable)[\s=]+([^\s;/:]+)\s*$/.exec(line)?.[1];
  const bare = path.replace(/^\.\//, "").replace(/\/+$/, "");
  return bare === "" ? "." : bare;
}

/**
 * How what is installed differs from what is locked, in words; undefined if it does not.
 *
 * @param freeze lines of `uv pip freeze`
 */
export function differenceOf(requirements: Requirements, freeze: string): string | undefined {
  const installed = new Map<string, string>();
  for (const line of freeze.split("\n")) {
    const [, name, version] = /^([A-Za-z0-9._-]+)==(\S+)$/.exec(line.trim()) ?? [];
    if (name !== undefined && version !== undefined) installed.set(normalName(name), version);
  }
  const wrong = [...installed].flatMap(([name, version]) => {
    const pin = requirements.pins.get(name);
    return pin === undefined || pin.versions.includes(version) ? [] : [`${name} ${version}`];
  });
  const missing = [...requirements.pins].flatMap(([name, pin]) =>
    pin.isForAll && !installed.has(name) ? [name] : [],
  );
  if (wrong.length > 0) return `in another version than the lock's: ${list(wrong)}`;
  return missing.length > 0 ? `not installed: ${list(missing)}` : undefined;
}

const list = (names: readonly string[]): string =>
  names.length <= 5
    ? names.join(", ")
    : `${names.slice(0, 5).join(", ")} and ${names.length - 5} more`;
