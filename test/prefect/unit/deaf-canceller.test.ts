import { expect, test } from "vitest";
import { hasDeafCanceller } from "../../support/deaf-canceller.ts";

const plain =
  "01:08:47.763 | ERROR   | prefect.FlowRunCancellingObserver - Cancellation polling task failed. Execution will continue, but flow run cancellation will fail.";
const json =
  '{"name":"prefect.FlowRunCancellingObserver","levelname":"ERROR","message":"Cancellation polling task failed. Execution will continue, but flow run cancellation will fail."}';
const start = "Worker 'vm1-runs' started!";

test.each([
  ["as text", [start, plain]],
  ["as JSON", [start, json, "more"]],
  ["where the start is out of sight", ["more", plain]],
])("a worker that has said so, %s", (_, lines) => {
  expect(hasDeafCanceller(lines)).toBe(true);
});

test.each([
  ["one that has said nothing", []],
  ["one of before the last start", [start, plain, start, "more"]],
  [
    "one that listens in another way",
    [start, "prefect.FlowRunCancellingObserver - Switching to polling mode."],
  ],
  ["a flow that prints it", [start, "Cancellation polling task failed"]],
])("not %s", (_, lines) => {
  expect(hasDeafCanceller(lines)).toBe(false);
});
