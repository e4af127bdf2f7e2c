import { describe, expect, test } from "vitest";
import { text } from "../../src/control/reply.ts";
import { chooseRoute, type Route } from "../../src/control/router.ts";

const answer: Route["answer"] = () => text(200, "ok");
const routes: readonly Route[] = [
  { method: "GET", path: "/", answer },
  { method: "GET", path: "/readyz", answer },
  { method: "GET", path: "/readyz/*", answer },
  { method: "POST", path: "/start", answer },
  { method: "GET", path: "/both", answer },
  { method: "POST", path: "/both", answer },
];

test.each([
  ["GET", "/", "/", ""],
  ["HEAD", "/", "/", ""],
  ["GET", "/?a=b", "/", ""],
  ["GET", "/readyz", "/readyz", ""],
  ["GET", "/readyz/server", "/readyz/*", "server"],
  ["GET", "/readyz/unit/worker%40vm?verbose", "/readyz/*", "unit/worker@vm"],
  ["POST", "/start", "/start", ""],
  ["POST", "/both", "/both", ""],
])("%s %s goes to %s", (method, target, path, rest) => {
  expect(chooseRoute(routes, method, target)).toMatchObject({
    kind: "route",
    route: { path },
    asked: { rest },
  });
});

test("the query is handed on", () => {
  const choice = chooseRoute(routes, "GET", "/readyz?exclude=a&exclude=b%20c&verbose");
  expect(choice).toMatchObject({ kind: "route" });
  if (choice.kind === "route") {
    expect(choice.asked.query.getAll("exclude")).toEqual(["a", "b c"]);
    expect(choice.asked.query.has("verbose")).toBe(true);
  }
});

describe("what has no route", () => {
  test.each([
    ["GET", "/nothing", 404, undefined],
    ["POST", "/nothing", 404, undefined],
    ["GET", "//", 404, undefined],
    ["GET", "//evil.example/", 404, undefined],
    ["GET", "http://evil.example/", 404, undefined],
    ["OPTIONS", "*", 404, undefined],
    ["GET", "/readyz/", 404, undefined],
    ["GET", "/%zz", 400, undefined],
    ["GET", "/%ff", 400, undefined],
    ["GET", "", 404, undefined],
    ["POST", "/", 405, "GET, HEAD"],
    ["DELETE", "/readyz/server", 405, "GET, HEAD"],
    ["GET", "/start", 405, "POST"],
    ["HEAD", "/start", 405, "POST"],
    ["PUT", "/both", 405, "GET, HEAD, POST"],
  ])("%s %s is answered with %i", (method, target, status, allow) => {
    const choice = chooseRoute(routes, method, target);
    expect(choice).toMatchObject({ kind: "none", reply: { status } });
    if (choice.kind === "none") expect(choice.reply.headers["Allow"]).toBe(allow);
  });
});
