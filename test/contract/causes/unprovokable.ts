import type { ErrorReason } from "../../../src/base/errors/error-reason.ts";

/** Reasons that no request can provoke, or whose response nobody can read, and what shows them. */
export const unprovokable: Readonly<Partial<Record<ErrorReason, string>>> = {
  BAD_DOCKER_HOST: "the manager does not start: test/runtime/docker/engine/docker-address.test.ts",
  FLEET_OWNED: "the manager does not start, or ends: test/runtime/contract-differences.ts",
  IDEMPOTENCY_KEYS_FULL: "takes 250,000 keys: test/fleet/tools/idempotency/idempotent-calls.test.ts",
  SCHEMA_TOO_LARGE: "takes a check of more than 256 MiB: test/fleet/tools/argument-check/check-thread.test.ts",
  CANCELLED: "the caller has left: test/jsonrpc/connection.test.ts",
  REQUEST_TIMEOUT: "comes after a minute of silence: test/http/refuse.test.ts",
  HANDSHAKE_FAILED: "calls wait until the handshake is over: none is under way",
  START_FAILED: "calls wait until the server has started: none is under way",
  ATTACH_FAILED: "calls wait until the server is attached: none is under way",
};
