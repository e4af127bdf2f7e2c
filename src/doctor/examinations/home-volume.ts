/** On which volume PREFECT_HOME, and with it the database, lies. */
import type { Examination } from "../examination.ts";
import type { Finding } from "../finding.ts";
import type { Mount } from "../ports.ts";

export const homeVolume: Examination = {
  name: "home-volume",
  finds:
    "PREFECT_HOME lies on a network file system, or on the root disk though there is a volume for data",
  examine: async ({ config, eyes, prefect }) => {
    const { server, prefect: settings } = config;
    if (prefect === undefined || !server.enabled) return [];
    const volume = await eyes.volume(settings.home);
    if (volume.kind === "silent") return [hanging(settings.home)];
    if (volume.kind !== "seen") return [];
    const isSqlite = server.databaseUrl === undefined;
    return judgeHome({
      home: settings.home,
      mount: volume.value.mount,
      mounts: eyes.mounts(),
      isSqlite,
    });
  },
};

const hanging = (home: string): Finding => ({
  id: "home-volume:hangs",
  severity: "fault",
  what: `the file system of PREFECT_HOME (${home}) does not answer`,
  why: "the database is on it: server and workers stand still",
  cure: `\`findmnt --target ${home}\` shows what is mounted there; \`umount -l\` lets go of a mount whose other side is away, then mount it again`,
});

const remote =
  /^(nfs\d?|cifs|smb3?|smbfs|9p|afs|ceph|glusterfs|lustre|beegfs|fuse\.(sshfs|s3fs|goofys|rclone|gcsfuse|glusterfs|ceph|davfs2?))$/;
const local = /^(ext[234]|xfs|btrfs|zfs|f2fs)$/;

export interface HomePlace {
  readonly home: string;
  /** The mount point that home is below. */
  readonly mount: string;
  readonly mounts: readonly Mount[];
  readonly isSqlite: boolean;
}

export function judgeHome({ home, mount, mounts, isSqlite }: HomePlace): readonly Finding[] {
  const here = mounts.findLast(({ point }) => point === mount);
  if (here !== undefined && remote.test(here.type)) {
    return [
      {
        id: "home-volume:network",
        severity: isSqlite ? "fault" : "warning",
        what: `PREFECT_HOME (${home}) lies on a network file system (${here.type}, ${here.source})`,
        why: isSqlite
          ? "SQLite's locks and its log do not hold there: the database can be damaged, and a break of the network stops all"
          : "a break of the network stops server and workers",
        cure: "`sails-supervisor stop all`, copy the folder to a local volume, set prefect.home to it, then `sails-supervisor reload` and `start all`",
      },
    ];
  }
  if (mount !== "/") return [];
  const data = mounts.filter(({ point, type, source }) => isForData(point, type, source, here));
  const [first] = data;
  if (first === undefined) return [];
  return [
    {
      id: "home-volume:root",
      severity: "warning",
      what: `PREFECT_HOME (${home}) lies on the root disk, though ${first.point} is a volume of its own`,
      why: "a database that grows fills the system's own disk, and it is gone with the machine",
      cure: `\`sails-supervisor stop all\`, copy ${home} to ${first.point}, set prefect.home to it, then \`sails-supervisor reload\` and \`start all\``,
    },
  ];
}

/** Mounted where people mount volumes, from another disk than the root. */
const isForData = (point: string, type: string, source: string, root: Mount | undefined): boolean =>
  local.test(type) &&
  /^\/(mnt|data|srv|media|volumes?)(\/|\d*$)/.test(point) &&
  source.startsWith("/dev/") &&
  source !== root?.source;
