/** Makes sentences of what is believed of a check. Nothing else does. */
import { formatSpan, type Millis, ms } from "../supervision/time.ts";
import { type CheckState, isInDoubt } from "./state.ts";
import { type Check, describeTarget } from "./target.ts";

export interface CheckView {
  readonly check: Check;
  readonly state: CheckState;
  /** When it is looked at next; undefined while a look is under way. */
  readonly due: Millis | undefined;
}

export interface Described {
  /** What is looked at: `mount /home/ubuntu/arc`. */
  readonly what: string;
  readonly reason: string;
  /** What comes next, or what the reader can do. */
  readonly next: string;
  readonly cure: string | undefined;
}

export function describeCheck(view: CheckView, now: Millis): Described {
  const { check, state } = view;
  return {
    what: describeTarget(check.target),
    reason: reasonOf(check, state, now),
    next: nextOf(view, now),
    cure: cureOf(check, state),
  };
}

/** Whether a pool that requires it must not take new runs. */
export const isBad = ({ kind }: CheckState): boolean => kind === "fail" || kind === "hangs";

function reasonOf({ target }: Check, { kind, since, basis, errors }: CheckState, now: Millis) {
  if (kind === "hangs") {
    const span = formatSpan(ms(now - since));
    return `${describeTarget(target)} hangs: a look that began ${span} ago has no answer and cannot be ended`;
  }
  if (kind === "unknown") {
    const why = errors.at(-1);
    return why === undefined ? "not looked at yet" : `could not be looked at: ${why}`;
  }
  return basis?.why ?? "";
}

function nextOf({ state, due }: CheckView, now: Millis): string {
  if (due === undefined) {
    return state.kind === "hangs"
      ? "is looked at again as soon as that look has ended"
      : "is being looked at";
  }
  const again = `is looked at again in ${formatSpan(ms(Math.max(0, due - now)))}`;
  const later = state.basis?.next;
  if (isInDoubt(state)) {
    const last = state.errors.at(-1) ?? state.recent.at(-1)?.found.why ?? "";
    return `in doubt, for the last answer was: ${last}; ${again}`;
  }
  return later === undefined || state.kind !== "warn" ? again : `${later}; ${again}`;
}

function cureOf({ target }: Check, { kind, basis }: CheckState): string | undefined {
  if (kind !== "hangs") return kind === "unknown" ? undefined : basis?.cure;
  if (!("path" in target)) return "Look what it waits for; it is looked at again when it has ended";
  const { path } = target;
  return `The other side is probably away. If it does not come back: \`umount -l ${path}\`, and mount it again`;
}
