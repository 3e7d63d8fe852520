import { describe, expect, it } from "vitest";
import type { Run } from "../../src/fleet/run.ts";
import { type ServerState, transition } from "../../src/fleet/server-state.ts";

type Kind = ServerState["kind"];

const kinds: readonly Kind[] = ["pulling", "creating", "handshaking", "ready", "draining", "failed", "stopped"];

/** What lifecycle.md lets a server do, beside staying where it is. */
const legal = new Set([
  "pulling creating",
  "pulling failed",
  "pulling draining",
  "creating pulling",
  "creating handshaking",
  "creating failed",
  "creating draining",
  "handshaking ready",
  "handshaking failed",
  "handshaking draining",
  "ready handshaking",
  "ready failed",
  "ready draining",
  "failed pulling",
  "failed creating",
  "failed handshaking",
  "failed draining",
  "draining stopped",
  "draining failed",
]);

function state(kind: Kind): ServerState {
  return kind === "ready" ? { kind, run: {} as Run } : { kind };
}

describe("transition", () => {
  it.each(kinds.flatMap((from) => kinds.map((to) => [from, to] as const)))("judges %s -> %s", (from, to) => {
    const next = state(to);
    if (from === to || legal.has(`${from} ${to}`)) expect(transition(state(from), next)).toBe(next);
    else expect(() => transition(state(from), next)).toThrow(`a server can't go from ${from} to ${to}`);
  });
});
