import { describe, expect, test } from "vitest";
import { ManagerError } from "../../../../src/base/errors/errors.ts";
import { engineError, engineText, statusOf } from "../../../../src/runtime/docker/engine/engine-error.ts";

const context = { doing: "list containers", address: "unix:///run/docker.sock" };
const response = (statusCode: number, message = "because") =>
  Object.assign(new Error(`(HTTP code ${statusCode}) unexpected - ${message} `), { statusCode, json: { message } });
const failure = (code: string) => Object.assign(new Error(code), { code });

describe("engineError", () => {
  test.each([
    [response(400), "invalid", "ENGINE_REFUSED"],
    [response(403), "denied", "ENGINE_DENIED"],
    [response(404), "not_found", "CONTAINER_REMOVED"],
    [response(409), "conflict", "ENGINE_CONFLICT"],
    [response(500), "unavailable", "ENGINE_ERROR"],
    [response(503), "unavailable", "ENGINE_ERROR"],
    [failure("ECONNREFUSED"), "unavailable", "ENGINE_UNAVAILABLE"],
    [failure("ECONNRESET"), "unavailable", "ENGINE_UNAVAILABLE"],
    [failure("CERT_HAS_EXPIRED"), "unavailable", "ENGINE_UNAVAILABLE"],
    [new DOMException("aborted", "AbortError"), "cancelled", "CANCELLED"],
    [new DOMException("late", "TimeoutError"), "deadline", "DEADLINE_EXCEEDED"],
  ])("maps %s", (error, kind, reason) => {
    expect(engineError(error, context)).toMatchObject({
      kind,
      details: { reason, delivery: "not_sent" },
      cause: error,
    });
  });

  // Responses of Podman 5.4.2, all with status 500.
  test.each([
    ["that name is already in use", 'container create: the container name "x" is already in use by c43e06c57a5c', 409],
    [
      "UNIQUE constraint failed: ContainerConfig.Name",
      "renaming container c43e06c57a5c: UNIQUE constraint failed",
      409,
    ],
    ["container state improper", "can only attach to created or running containers - currently in state paused", 409],
    ["no such container", 'no container with name or ID "x" found: no such container', 404],
    ['normalizing name "a/UPPER": invalid reference format', "normalizing image: invalid reference format", 400],
    ["invalid argument", "container create: invalid log driver: invalid argument", 500],
    ["OCI permission denied", "crun: setrlimit `RLIMIT_NOFILE`: Operation not permitted: OCI permission denied", 500],
  ])("gives the cause %s of Podman's the status that Docker has for it", (cause, message, status) => {
    const error = Object.assign(new Error(message), { statusCode: 500, json: { cause, message, response: 500 } });
    expect(statusOf(error)).toBe(status);
    expect(engineText(error)).toBe(message);
  });

  test("tells who may not open the socket what to do", () => {
    expect(engineError(failure("EACCES"), context).message).toContain("join the group docker");
  });

  test("passes our own errors on, also as the reason of an abort", () => {
    const ours = new ManagerError("interrupted", "stopped", {
      details: { reason: "SERVER_STOPPED", delivery: "not_sent" },
    });
    expect(engineError(ours, context)).toBe(ours);
    expect(engineError(new DOMException("aborted", { name: "AbortError", cause: ours }), context)).toBe(ours);
  });

  test("calls a bug a bug", () => {
    expect(engineError(new TypeError("x is not a function"), context).kind).toBe("internal");
  });

  test("keeps messages short enough for an RPC's metadata", () => {
    expect(Buffer.byteLength(engineError(response(500, "x".repeat(10_000)), context).message)).toBeLessThan(1024);
  });
});

test("engineText gives the engine's words alone", () => {
  expect(engineText(response(500, "disk full"))).toBe("disk full");
  expect(engineText(new Error("(HTTP code 500) server error - disk full "))).toBe("disk full");
  expect(engineText("denied: no")).toBe("denied: no");
});
