/** By what the processes of a daemon are known: variables in their environment, which what they start inherits. */

/** The daemon that started it; the same for all daemons of one state folder. */
export const supervisorVariable = "SAILS_SUPERVISOR_ID";

/** The spawn that it comes from. */
export const invocationVariable = "SAILS_INVOCATION_ID";

export const unitVariable = "SAILS_UNIT";

/** What was asked for when it was started: see `spec-hash.ts`. */
export const specVariable = "SAILS_SPEC_HASH";

/** In place of all of the above: a look for a check, `SUPERVISOR_ID CHECK`. It may never end. */
export const checkVariable = "SAILS_CHECK";
