/** How children are started here: where their words go, and by what what they leave behind is found. */
import { join } from "node:path";
import { CgroupTree, findOwnCgroup, rootFor } from "../host/cgroup-tree.ts";
import { Escapees } from "../host/escapees.ts";
import { type ChildRegister, type LivingChild, ProcessLauncher } from "../host/launcher.ts";
import type { Lifelines } from "../host/lifelines.ts";
import { Lookout } from "../host/lookout.ts";
import { OutputFolder, outputFileName } from "../host/output-folder.ts";
import { OutputRotation } from "../host/output-rotation.ts";
import type { Child, Launcher } from "../supervision/ports.ts";

export interface Children extends Disposable {
  readonly launcher: Launcher;
  /** Looks after one that an earlier daemon has started. */
  readonly adopt: (unit: string, child: LivingChild) => Child;
  readonly escapees: Escapees;
  readonly logOf: (unit: string) => string;
  /** Our own, if it is ours to divide. */
  readonly cgroup: string | undefined;
  /** Below which each flow run gets a cgroup of its own. */
  readonly runCgroup: string | undefined;
}

export interface ChildrenOptions {
  readonly logDirectory: string;
  readonly lifelines: Lifelines;
  readonly register: ChildRegister;
  /** Whether systemd started us: then the cgroup that we are in is ours to divide. */
  readonly isDelegated: boolean;
  readonly report: (trouble: string) => void;
}

export function openChildren(options: ChildrenOptions): Children {
  const { logDirectory, lifelines, register, isDelegated, report } = options;
  const lookout = new Lookout();
  const escapees = new Escapees(report);
  const rotation = new OutputRotation({ report });
  const outputs = new OutputFolder(logDirectory, rotation);
  const cgroups = isDelegated ? occupyCgroup(report) : undefined;
  const launcher = new ProcessLauncher({
    outputOf: (unit) => outputs.of(unit),
    escapees,
    cgroupOf: cgroups && ((unit) => cgroups.unit(unit)),
    lifelines,
    register,
  });
  return {
    launcher,
    adopt: (unit, child) => launcher.adopt(unit, child, lookout),
    escapees,
    cgroup: cgroups?.root,
    runCgroup: cgroups?.folder("runs"),
    logOf: (unit) => join(logDirectory, outputFileName(unit)),
    [Symbol.dispose]: () => {
      rotation[Symbol.dispose]();
      lookout[Symbol.dispose]();
    },
  };
}

function occupyCgroup(report: (trouble: string) => void): CgroupTree | undefined {
  const own = findOwnCgroup();
  if (own === undefined) return undefined;
  const tree = new CgroupTree(rootFor(own), report);
  try {
    tree.occupy();
    return tree;
  } catch (error) {
    report(`units get no cgroups of their own (${String(error)}): has the unit Delegate=yes?`);
    return undefined;
  }
}
