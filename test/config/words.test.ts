/** The small parsers and judges: one table each. */
import { expect, test } from "vitest";
import { collide, parseAddress } from "../../src/config/address.ts";
import { cronFault } from "../../src/config/cron.ts";
import { parseDuration } from "../../src/config/duration.ts";
import { nearest } from "../../src/config/nearest.ts";
import { findPlaceholder } from "../../src/config/placeholder.ts";
import { maskUrls, maskVariable } from "../../src/config/secrets.ts";

test.each([
  ["500ms", 500],
  ["30s", 30_000],
  ["15m", 900_000],
  ["12h", 43_200_000],
  ["7d", 604_800_000],
  ["0s", 0],
  ["", undefined],
  ["30", undefined],
  ["1.5h", undefined],
  ["-1s", undefined],
  [" 1s", undefined],
  ["1w", undefined],
  ["1toString", undefined],
  ["9999999999s", undefined],
])("the duration %j is %j", (text, span) => {
  expect(parseDuration(text)).toBe(span);
});

test.each([
  ["127.0.0.1:9746", { host: "127.0.0.1", port: 9746 }],
  ["localhost:0", { host: "localhost", port: 0 }],
  ["[::1]:9746", { host: "::1", port: 9746 }],
  ["[x]:1", undefined],
  ["::1:9746", undefined],
  [":9746", undefined],
  ["9746", undefined],
  ["h:65536", undefined],
  ["h:", undefined],
])("the address %j is %j", (text, address) => {
  expect(parseAddress(text)).toEqual(address);
});

test.each([
  ["127.0.0.1", "127.0.0.1", true],
  ["127.0.0.1", "127.0.0.2", false],
  ["0.0.0.0", "127.0.0.2", true],
  ["127.0.0.1", "::", true],
])("%s and %s want the same port: %j", (one, other, both) => {
  expect(collide({ host: one, port: 1 }, { host: other, port: 1 })).toBe(both);
  expect(collide({ host: one, port: 1 }, { host: other, port: 2 })).toBe(false);
  expect(collide({ host: one, port: 0 }, { host: other, port: 0 })).toBe(false);
});

test.each([
  ["* * * * *", undefined],
  ["*/15 0-6,22 L jan-MAR sun#l", undefined],
  ["0 0 ? * mon-fri/2", undefined],
  ["@hourly", undefined],
  ["@reboot", "has 1 fields"],
  ["* * * * * *", "has 6 fields"],
  ["60 * * * *", 'has "60" for the minute (0 to 59)'],
  ["* 24 * * *", 'has "24" for the hour (0 to 23)'],
  ["* * 0 * *", 'has "0" for the day of the month (1 to 31)'],
  ["* * * 13 *", 'has "13" for the month (1 to 12)'],
  ["* * * * 8", 'has "8" for the day of the week (0 to 7)'],
  ["*/0 * * * *", 'has "*/0" for the minute (0 to 59)'],
  ["1-2-3 * * * *", 'has "1-2-3" for the minute (0 to 59)'],
  ["1,, * * * *", 'has "" for the minute (0 to 59)'],
  ["* * * * fri#6", 'has "fri#6" for the day of the week (0 to 7)'],
])("cron %j: %j", (expression, fault) => {
  expect(cronFault(expression)).toBe(fault);
});

test.each([
  ["concurency_limit", "concurrency_limit"],
  ["Name", "name"],
  ["wrokers", "workers"],
  ["colour", undefined],
  ["", undefined],
])("nearest to %j is %j", (word, found) => {
  expect(nearest(word, ["name", "type", "concurrency_limit", "workers"])).toBe(found);
});

test.each([
  ["http://[FLOATING_IP]:4200", "[FLOATING_IP]"],
  ["<IP>", "<IP>"],
  ["x YOUR_API_KEY", "YOUR_API_KEY"],
  ["http://[::1]:4200", undefined],
  ["http://[FE80::1]:4200", undefined],
  ['["A"]', undefined],
  ["a<b", undefined],
])("the placeholder in %j is %j", (text, found) => {
  expect(findPlaceholder(text)).toBe(found);
});

test.each([
  ["postgresql+asyncpg://u:hunter2@h/d", "postgresql+asyncpg://u:****@h/d"],
  ["postgresql+asyncpg://u:hun@ter/2@h/d", "postgresql+asyncpg://u:****@h/d"],
  ["http://h/x?password=hunter2&a=b", "http://h/x?password=****&a=b"],
  ["http://h:4200/api", "http://h:4200/api"],
  ["plain", "plain"],
])("%s is shown as %s", (text, shown) => {
  expect(maskUrls(text)).toBe(shown);
});

test.each([
  ["MY_TOKEN", "x", "****"],
  ["PREFECT_API_AUTH_STRING", "x", "****"],
  ["db_password", "x", "****"],
  ["MY_TOKEN", "", ""],
  ["LEVEL", "DEBUG", "DEBUG"],
  ["PROXY", "http://u:p@h", "http://u:****@h"],
])("%s=%j is shown as %j", (name, value, shown) => {
  expect(maskVariable(name, value)).toBe(shown);
});
