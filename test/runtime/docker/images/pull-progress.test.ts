import { expect, test } from "vitest";
import { PullProgress } from "../../../../src/runtime/docker/images/pull-progress.ts";

test("PullProgress says each status once and downloads by tenths", () => {
  const progress = new PullProgress();
  const downloading = (current: number) => ({
    id: "abc",
    status: "Downloading",
    progressDetail: { current, total: 200 },
  });
  const shown = [
    { status: "Pulling from library/busybox", id: "latest" },
    { status: "Pulling fs layer", id: "abc", progressDetail: {} },
    downloading(1),
    downloading(2),
    downloading(25),
    downloading(200),
    { status: "Pull complete", id: "abc" },
    { status: "Pull complete", id: "abc" },
    { error: "denied" },
    { status: "Digest: sha256:1" },
  ].map((message) => progress.line(message));
  expect(shown.filter((line) => line !== undefined)).toEqual([
    "latest: Pulling from library/busybox",
    "abc: Pulling fs layer",
    "abc: Downloading 0%",
    "abc: Downloading 10%",
    "abc: Downloading 100%",
    "abc: Pull complete",
    "Digest: sha256:1",
  ]);
});

test("PullProgress shows nothing that is not plain text, such as a registry's own ids", () => {
  const progress = new PullProgress();
  expect(progress.line({ status: "Pulling fs layer", id: "\u001b[2Jroot" })).toBeUndefined();
  expect(progress.line({ status: "\u202eWaiting", id: "abc" })).toBeUndefined();
  expect(progress.line({ status: "x".repeat(400) })).toBeUndefined();
});
