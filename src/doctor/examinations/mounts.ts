/** Mounts that the configuration relies on. */
import type { Config } from "../../config/config.ts";
import { type Examination, seenOf } from "../examination.ts";
import type { Finding } from "../finding.ts";
import type { Mount } from "../ports.ts";

export const mounts: Examination = {
  name: "mounts",
  finds:
    "something that the configuration names lies where nothing is mounted, though /etc/fstab or a check expects a mount; or a mount that a check names does not answer",
  examine: async ({ config, eyes }) => {
    const points = config.checks.flatMap(({ target }) =>
      target.kind === "mount" ? [target.path] : [],
    );
    const [fstab, ...volumes] = await Promise.all([
      eyes.read("/etc/fstab"),
      ...points.map((point) => eyes.volume(point)),
    ]);
    const silent = points.filter((_, index) => volumes[index]?.kind === "silent");
    return [...silent.map(hanging), ...judgeMounts(config, seenOf(fstab) ?? "", eyes.mounts())];
  },
};

export function judgeMounts(
  config: Pick<Config, "prefect" | "environment" | "deployments" | "jobs" | "checks" | "stateDir">,
  fstab: string,
  mounted: readonly Pick<Mount, "point">[],
): readonly Finding[] {
  const isMounted = (point: string) => mounted.some((mount) => mount.point === point);
  const used = pathsOf(config);
  const ofTable = pointsIn(fstab)
    .filter((point) => !isMounted(point))
    .flatMap((point) => {
      const path = used.find((one) => one === point || one.startsWith(`${point}/`));
      return path === undefined
        ? []
        : [missing(point, `/etc/fstab has a mount there, and ${path} is in it`)];
    });
  const ofChecks = config.checks.flatMap(({ name, target }) => {
    if (target.kind !== "mount" || isMounted(target.path)) return [];
    return [missing(target.path, `the check ${name} expects a mount there`)];
  });
  return [...new Map([...ofTable, ...ofChecks].map((one) => [one.id, one])).values()];
}

const hanging = (point: string): Finding => ({
  id: `mounts:${point}:hangs`,
  severity: "fault",
  what: `the mount ${point} does not answer`,
  why: "whatever touches it hangs, flow runs among them, and cannot even be killed",
  cure: `bring its other side back; else \`sudo umount -l ${point}\` lets go of what waits in it, then \`sudo mount ${point}\``,
});

const missing = (point: string, whoSays: string): Finding => ({
  id: `mounts:${point}`,
  severity: "fault",
  what: `nothing is mounted at ${point}, though ${whoSays}`,
  why: "what lies on that volume is away, and what is written there now is hidden when it comes back",
  cure: `\`sudo mount ${point}\`; \`findmnt --target ${point}\` shows what is there now`,
});

function pathsOf({
  prefect,
  environment,
  deployments,
  jobs,
  stateDir,
}: Parameters<typeof judgeMounts>[0]): readonly string[] {
  return [
    prefect.home,
    prefect.envFile,
    environment.path,
    environment.project,
    ...deployments.map(({ prefectYaml }) => prefectYaml),
    jobs.backup.cron === undefined ? undefined : jobs.backup.directory,
    stateDir,
  ].filter((path) => path !== undefined);
}

/** See fstab(5): device, mount point, type, options. */
const pointsIn = (fstab: string): readonly string[] =>
  fstab.split("\n").flatMap((line) => {
    const [device, point, , options = ""] = line.trim().split(/\s+/);
    if (device === undefined || device.startsWith("#") || !point?.startsWith("/")) return [];
    const isByHand = /(^|,)(noauto|x-systemd\.automount)(,|$)/.test(options);
    const path = point.replaceAll("\\040", " ").replace(/(.)\/+$/, "$1");
    return point === "/" || isByHand ? [] : [path];
  });
