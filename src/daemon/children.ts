/** How children are started here: where their words go, and by what what they leave behind is found. */
import { readlinkSync } from "node:fs";
import { join } from "node:path";
import { journalIdentifier, journalPlace } from "../control/journal-identifiers.ts";
import { CgroupTree, findOwnCgroup, rootFor } from "../host/cgroup-tree.ts";
import { errnoOf } from "../host/errno.ts";
import { Escapees } from "../host/escapees.ts";
import { JournalOutput } from "../host/journal-output.ts";
import { type ChildRegister, type LivingChild, ProcessLauncher } from "../host/launcher.ts";
import type { Lifelines } from "../host/lifelines.ts";
import { Lookout } from "../host/lookout.ts";
import type { Output } from "../host/output.ts";
import { OutputFolder, outputFileName } from "../host/output-folder.ts";
import { OutputRotation } from "../host/output-rotation.ts";
import type { Child, Launcher } from "../supervision/ports.ts";

export interface Children extends Disposable {
  readonly launcher: Launcher;
  /** Looks after one that an earlier daemon has started. */
  readonly adopt: (unit: string, child: LivingChild) => Child;
  readonly escapees: Escapees;
  /** A file, or, where it is in the journal, the command that shows it. */
  readonly logOf: (unit: string) => string;
  /** Our own, if it is ours to divide. */
  readonly cgroup: string | undefined;
  /** Below which each flow run gets a cgroup of its own. */
  readonly runCgroup: string | undefined;
}

export interface ChildrenOptions {
  readonly logDirectory: string;
  /** Where journald takes output; undefined: all goes into files. */
  readonly journal: string | undefined;
  readonly lifelines: Lifelines;
  readonly register: ChildRegister;
  /** Whether systemd started us: then the cgroup that we are in is ours to divide. */
  readonly isDelegated: boolean;
  readonly report: (trouble: string) => void;
}

export function openChildren(options: ChildrenOptions): Children {
  const { logDirectory, journal, lifelines, register, isDelegated, report } = options;
  const lookout = new Lookout();
  const escapees = new Escapees(report);
  const rotation = new OutputRotation({ report });
  const outputs = new OutputFolder(logDirectory, rotation);
  const inJournal = new Map<string, JournalOutput>();
  const outputOf = (unit: string): Output => {
    inJournal.delete(unit);
    if (journal === undefined) return outputs.of(unit);
    const output = new JournalOutput({
      socket: journal,
      identifier: journalIdentifier(unit),
      file: () => outputs.of(unit),
      report,
    });
    inJournal.set(unit, output);
    return output;
  };
  const fileOf = (unit: string): string => join(logDirectory, outputFileName(unit));
  const cgroups = isDelegated ? occupyCgroup(report) : undefined;
  const launcher = new ProcessLauncher({
    outputOf,
    // Of a daemon that wrote into files, as one does that was started by hand.
    adoptedOutputOf: (unit, pid) =>
      printsInto(pid) === fileOf(unit) ? outputs.of(unit) : outputOf(unit),
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
    logOf: (unit) =>
      inJournal.get(unit)?.isInJournal === true ? journalPlace(unit) : fileOf(unit),
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

/** What its standard output leads to, if that can be seen. */
function printsInto(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/fd/1`);
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return undefined;
  }
}
