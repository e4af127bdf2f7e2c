/** Where the benchmark finds this checkout, and where it installs what it compares with. */
import { join } from "node:path";

export const root = join(import.meta.dirname, "..");
export const tools = join(root, ".tools/bench");
