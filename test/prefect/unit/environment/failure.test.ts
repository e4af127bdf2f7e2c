import { expect, test } from "vitest";
import { explainFailure } from "../../../../src/prefect/environment/failure.ts";

const using = "Using Python 3.11.2 environment at: /data/env.versions/x\n";

test.each([
  [
    "error: The lockfile at `uv.lock` needs to be updated, but `--locked` was provided.\n\nhint: To update the lockfile, run `uv lock`.\n",
    "lock",
    "The lockfile at `uv.lock` needs to be updated, but `--locked` was provided.",
    "uv lock",
  ],
  [
    `${using}error: Request failed after 3 retries in 4.9s\n  cause: Failed to fetch: https://pypi.org/simple/six/\n  cause: error sending request for url (https://pypi.org/simple/six/)\n  cause: client error (Connect)\n  cause: dns error\n  cause: failed to lookup address information: Name or service not known\n`,
    "network",
    "Request failed after 3 retries in 4.9s; Failed to fetch: https://pypi.org/simple/six/;",
    "proxy",
  ],
  [
    "error: Failed to install: sqlalchemy-2.0.58.whl (sqlalchemy==2.0.58)\n  cause: Failed to copy to `/data/x`\n  cause: failed to copy file: No space left on device (os error 28)\n",
    "space",
    "No space left on device (os error 28)",
    "Make room",
  ],
  [
    `${using}Resolved 1 package in 1ms\n   Building bad @ file:///x\nerror: Failed to build \`bad==1.0\`\n  cause: The build backend returned an error\n\n         [stderr]\n         needs gcc\n\nhint: Build failures usually indicate a problem\n`,
    "build",
    "Failed to build `bad==1.0`; The build backend returned an error; [stderr]; needs gcc",
    "has no wheel",
  ],
  [
    "error: No solution found when resolving dependencies\n  cause: Because docopt==0.6.2 has no usable wheels and you require docopt==0.6.2\n",
    "build",
    "has no usable wheels",
    "no ready-made package",
  ],
  [
    "error: No solution found when resolving dependencies\n  cause: Because there is no version of six==99\n",
    "lock",
    "there is no version of six==99",
    "Make the lock again",
  ],
  [
    "error: Failed to create virtual environment\n  cause: failed to create directory `/x`: Permission denied (os error 13)\n",
    "other",
    "Permission denied",
    "right to write",
  ],
  [
    'Traceback (most recent call last):\n  File "<string>", line 1, in <module>\nTypeError: Body() got an unexpected keyword argument\n',
    "other",
    "exited with status 1: TypeError: Body() got an unexpected keyword argument",
    "unchanged",
  ],
  ["", "other", "`uv pip install` exited with status 1", "unchanged"],
])("%j", (output, reason, words, cure) => {
  const failure = explainFailure("uv pip install", "exited with status 1", output);
  expect(failure.reason).toBe(reason);
  expect(failure.why).toContain(words);
  expect(failure.cure).toContain(cure);
});

test("what is long is cut in its middle: the beginning says what, the end why", () => {
  const output = `error: Failed to build\n${"word ".repeat(1_000)}\n  cause: no compiler\n`;
  const { why } = explainFailure("uv pip install", "failed", output);
  expect(why.length).toBeLessThan(500);
  expect(why).toMatch(/Failed to build.*….*no compiler$/);
});
