import { expect, test } from "vitest";
import { baseEnvironment } from "../../src/host/base-environment.ts";

test.each([
  "HOME",
  "PATH",
  "LANG",
  "LC_ALL",
  "LC_TIME",
  "TZ",
  "XDG_RUNTIME_DIR",
  "https_proxy",
  "NO_PROXY",
  "SSL_CERT_FILE",
  "KRB5CCNAME",
  "SSH_AUTH_SOCK",
  "LD_LIBRARY_PATH",
])("%s is passed on", (name) => {
  expect(baseEnvironment({ [name]: "x" })).toEqual({ [name]: "x" });
});

test.each([
  "NOTIFY_SOCKET",
  "WATCHDOG_USEC",
  "WATCHDOG_PID",
  "LISTEN_FDS",
  "JOURNAL_STREAM",
  "INVOCATION_ID",
  "MAINPID",
  "STATE_DIRECTORY",
  "CREDENTIALS_DIRECTORY",
  "PYTHONPATH",
  "PYTHONUNBUFFERED",
  "VIRTUAL_ENV",
  "PREFECT_API_URL",
  "SAILS_SERVER_PORT",
  "NODE_OPTIONS",
  "NODE_CHANNEL_FD",
  "LD_PRELOAD",
  "AWS_SECRET_ACCESS_KEY",
])("%s is not", (name) => {
  expect(baseEnvironment({ [name]: "x", HOME: undefined })).toEqual({});
});
