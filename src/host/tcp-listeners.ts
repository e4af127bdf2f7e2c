/** Reads the kernel's tables of TCP sockets. Pure. */
import { BlockList } from "node:net";

export interface TcpListener {
  /** As the kernel keeps it: 4 or 16 bytes. */
  readonly address: readonly number[];
  readonly port: number;
  readonly uid: number;
  readonly inode: string;
}

const listening = "0A";

/** @param table the content of /proc/net/tcp or /proc/net/tcp6 */
export function parseTcpListeners(table: string): readonly TcpListener[] {
  return table.split("\n").flatMap((line) => {
    // Number, local address, remote address, state, queues, timer, retransmits, uid, timeout, inode.
    const [, local, , state, , , , uid, , inode] = line.trim().split(/\s+/);
    const [address, port] = local?.split(":") ?? [];
    if (state !== listening || address === undefined || port === undefined) return [];
    if (inode === undefined) return [];
    const listener = { address: parseAddress(address), port: Number.parseInt(port, 16) };
    return [{ ...listener, uid: Number(uid), inode }];
  });
}

/** Whether a new listener on this host would be in its way. */
export function isInTheWay(listener: TcpListener, host: string): boolean {
  if (isAny(listener.address) || host === "0.0.0.0" || host === "::") return true;
  const taken = new BlockList();
  const { address } = listener;
  taken.addAddress(formatAddress(address), address.length === 4 ? "ipv4" : "ipv6");
  // A v4 address inside a v6 one matches by itself. A name is not resolved: it may be any of ours.
  if (/^[\d.]+$/.test(host)) return taken.check(host, "ipv4");
  return host.includes(":") ? taken.check(host, "ipv6") : true;
}

/** Words of four bytes, each in the byte order of the machine. */
function parseAddress(hex: string): readonly number[] {
  const words = hex.match(/.{8}/g) ?? [];
  return words.flatMap((word) =>
    (word.match(/../g) ?? []).toReversed().map((byte) => Number.parseInt(byte, 16)),
  );
}

const isAny = (address: readonly number[]): boolean => address.every((byte) => byte === 0);

function formatAddress(address: readonly number[]): string {
  if (address.length === 4) return address.join(".");
  const hex = address.map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return (hex.match(/.{4}/g) ?? []).join(":");
}
