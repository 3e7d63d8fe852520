import { expect, test } from "vitest";
import { PullProgress, pullFailure } from "../../../../src/runtime/docker/images/pull.ts";

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

const missing = /^its registry has no such image/;
const credentials = /^its registry does not accept the manager's credentials/;
const unreachable = /^its registry can't be reached/;
const often = /^its registry refuses so many pulls/;
const storage = /^the engine can't store it/;
const other = /^the pull failed; the manager's log/;

// Words of Docker 20.10 to 29 and of Podman.
test.each([
  ["manifest for x:9 not found: manifest unknown: manifest unknown", missing],
  [
    "pull access denied for x, repository does not exist or may require 'docker login': denied: requested access to the resource is denied",
    missing,
  ],
  ['failed to resolve reference "docker.io/me/x:1": docker.io/me/x:1: not found', missing],
  ['Get "https://r.example/v2/": unauthorized: incorrect username or password', credentials],
  ['Head "https://r.example/v2/x/manifests/1": no basic auth credentials', credentials],
  ["toomanyrequests: You have reached your pull rate limit.", often],
  ['Get "https://registry.invalid/v2/": dial tcp: lookup registry.invalid: no such host', unreachable],
  ['Get "https://127.0.0.1:9/v2/": dial tcp 127.0.0.1:9: connect: connection refused', unreachable],
  [
    'Get "https://r.example/v2/": net/http: request canceled while waiting for connection (Client.Timeout exceeded)',
    unreachable,
  ],
  ['Get "https://r.example/v2/": x509: certificate signed by unknown authority', unreachable],
  ['Get "https://r.example/v2/": http: server gave HTTP response to HTTPS client', unreachable],
  ["write /var/lib/docker/tmp/GetImageBlob1: no space left on device", storage],
  ["failed to register layer: Error processing tar file(exit status 1): read-only file system", storage],
  [
    "error parsing HTTP 200 response body: invalid character 'S' looking for beginning of value: \"SSH-2.0-OpenSSH_9.2\"",
    other,
  ],
])("pullFailure tells the class of %j, and nothing of its words", (text, sentence) => {
  expect(pullFailure(text)).toMatch(sentence);
});
