/** A thread for one comparison: a bcrypt hash is made to take a tenth of a second and more. */
import { parentPort, workerData } from "node:worker_threads";
import { compareSync } from "bcryptjs";

interface Question {
  readonly password: string;
  readonly hash: string;
}

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- password-check.ts alone starts it
const { password, hash } = workerData as Question;
parentPort?.postMessage(compareSync(password, hash));
