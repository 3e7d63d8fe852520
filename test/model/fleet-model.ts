import { Code } from "@connectrpc/connect";
import type { SpecName } from "./model-specs.ts";

/** What a server is made by. */
export interface Made {
  readonly spec: SpecName;
  /** The set that declared it; empty: a Start made it. */
  readonly origin: string;
}

/**
 * What a server is, as far as a user can tell. `container` is undefined when the engine has none for it; two copies have
 * two, with a comma between them.
 */
export type ModelServer =
  | { readonly kind: "absent" }
  /** One that stops when nobody calls may be idle by now. */
  | ({ readonly kind: "up"; readonly container: string; readonly paused: boolean } & Made)
  | ({ readonly kind: "idle"; readonly container: string | undefined } & Made)
  | Failed;

export interface Failed extends Made {
  readonly kind: "failed";
  readonly container: string | undefined;
  readonly why: "exited" | "removed" | "paused";
  readonly exitCode: number;
}

export interface FleetModel {
  readonly servers: Map<ServerName, ModelServer>;
}

export const serverNames = ["a", "b"] as const;
export type ServerName = (typeof serverNames)[number];

/** What a request is answered with, or what its error says. */
export type Outcome = "ok" | { readonly code: Code; readonly reason: string; readonly delivery?: string };

export const notFound: Outcome = { code: Code.NotFound, reason: "SERVER_NOT_FOUND", delivery: "not_sent" };
export const nameTaken: Outcome = { code: Code.AlreadyExists, reason: "NAME_TAKEN", delivery: "not_sent" };
export const isPaused: Outcome = { code: Code.FailedPrecondition, reason: "CONTAINER_PAUSED", delivery: "not_sent" };
const hasFailed: Outcome = { code: Code.FailedPrecondition, reason: "SERVER_FAILED", delivery: "not_sent" };
/** Of a server that is paused: it may be unpaused in time. */
const tooLate: Outcome = { code: Code.DeadlineExceeded, reason: "DEADLINE_EXCEEDED", delivery: "sent" };

/** What a server becomes. `new`: in another container than before; `same`: in the one that it has. */
export type Next =
  | { readonly kind: "unchanged" }
  | { readonly kind: "absent" }
  | {
      readonly kind: "up";
      readonly container: "new" | "same";
      readonly process: "new" | "same";
      /** Of a server that is made, or made anew by something else. */
      readonly made?: Made;
    }
  | { readonly kind: "paused" }
  | { readonly kind: "idle"; readonly container: "same" | "none" }
  | Pick<Failed, "kind" | "why" | "exitCode">;

export const unchanged: Next = { kind: "unchanged" };
export const restarted: Next = { kind: "up", container: "same", process: "new" };
export const resumed: Next = { kind: "up", container: "same", process: "same" };
export const replaced: Next & { kind: "up" } = { kind: "up", container: "new", process: "new" };

/** A Start, with a spec or without, or a Restart of what is not up. */
export function brought(server: ModelServer): { outcome: Outcome; next: Next } {
  if (server.kind === "absent") return { outcome: notFound, next: unchanged };
  if (server.kind === "up") return { outcome: "ok", next: server.paused ? unchanged : resumed };
  if (server.kind === "failed" && server.why === "paused") return { outcome: isPaused, next: unchanged };
  return { outcome: "ok", next: server.container === undefined ? replaced : restarted };
}

/** A Start of what may not exist yet. */
export function started(server: ModelServer, spec: SpecName): { outcome: Outcome; next: Next } {
  if (server.kind === "absent") return { outcome: "ok", next: { ...replaced, made: { spec, origin: "" } } };
  return server.spec === spec ? brought(server) : { outcome: nameTaken, next: unchanged };
}

/** A call. One into an idle server starts it. */
export function called(server: ModelServer): { outcome: Outcome; next: Next } {
  if (server.kind === "absent") return { outcome: notFound, next: unchanged };
  if (server.kind === "failed") return { outcome: hasFailed, next: unchanged };
  if (server.kind === "up") return { outcome: server.paused ? tooLate : "ok", next: unchanged };
  return brought(server);
}

/** Its process exits with this code, by itself or killed by somebody. */
export function exited(spec: SpecName, exitCode: number): Next {
  return spec === "revived" && exitCode !== 0 ? restarted : { kind: "failed", why: "exited", exitCode };
}

/** Somebody removes its container. */
export function removed(server: ModelServer): Next {
  if (server.kind === "absent") return unchanged;
  if (server.kind === "idle") return { kind: "idle", container: "none" };
  if (server.kind === "failed" && server.why === "exited") return { ...server, why: "removed" };
  return server.spec === "revived" ? replaced : { kind: "failed", why: "removed", exitCode: 137 };
}

/** Another manager takes the fleet over. */
export function adopted(server: ModelServer): Next {
  if (server.kind === "absent") return unchanged;
  if (server.container === undefined) return { kind: "absent" };
  if (server.kind === "up" && server.paused) return { kind: "failed", why: "paused", exitCode: 0 };
  if (server.kind !== "failed" || server.why === "paused") return unchanged;
  if (server.spec === "idle") return { kind: "idle", container: "same" };
  return exited(server.spec, server.exitCode);
}
