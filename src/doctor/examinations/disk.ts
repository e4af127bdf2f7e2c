/** Room on the volumes that are written to. */
import { type Examination, seenOf } from "../examination.ts";
import type { Finding } from "../finding.ts";
import type { Volume } from "../ports.ts";

export const disk: Examination = {
  name: "disk",
  finds: "a volume that the daemon, Prefect or backups write to is full or nearly so",
  examine: async ({ config, eyes }) => {
    const { prefect, stateDir, jobs } = config;
    const backups = jobs.backup.cron === undefined ? [] : [jobs.backup.directory];
    const paths = [prefect.home, stateDir, ...backups];
    const volumes = await Promise.all(paths.map(async (path) => seenOf(await eyes.volume(path))));
    return judgeVolumes(
      paths.flatMap((path, index) => {
        const volume = volumes[index];
        return volume === undefined ? [] : [{ path, volume }];
      }),
    );
  },
};

const gigabyte = 1e9;

export function judgeVolumes(
  used: readonly { readonly path: string; readonly volume: Volume }[],
): readonly Finding[] {
  const byMount = Map.groupBy(used, ({ volume }) => volume.mount);
  return [...byMount.values()].flatMap((group): Finding[] => {
    const [first] = group;
    if (first === undefined) return [];
    const { mount, freeBytes, totalBytes, freeFiles } = first.volume;
    const paths = [...new Set(group.map(({ path }) => path))].join(", ");
    const common = {
      why: "SQLite cannot write, and Prefect answers 500, which no client of its own asks again",
      cure: `\`du -xh --max-depth=2 ${mount} | sort -h | tail\` shows what takes the room; jobs.retention deletes old runs, jobs.backup.keep bounds backups`,
    };
    const least = Math.min(gigabyte / 2, totalBytes / 20);
    const little = Math.min(2 * gigabyte, totalBytes / 10);
    if (freeBytes < least || freeFiles === 0) {
      const rest =
        freeFiles === 0 ? "no file can be made any more" : `${megabytes(freeBytes)} are free`;
      return [
        {
          id: `disk:${mount}`,
          severity: "fault",
          what: `the volume ${mount} is full: ${rest} (${paths})`,
          ...common,
        },
      ];
    }
    if (freeBytes >= little) return [];
    const what = `the volume ${mount} is nearly full: ${megabytes(freeBytes)} are free (${paths})`;
    return [{ id: `disk:${mount}`, severity: "warning", what, ...common }];
  });
}

const megabytes = (bytes: number): string => `${Math.floor(bytes / 1e6)} MB`;
