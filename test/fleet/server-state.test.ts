import { describe, expect, it } from "vitest";
import type { Run } from "../../src/fleet/run.ts";
import { combined, type InstanceState, transition } from "../../src/fleet/server-state.ts";

type Kind = InstanceState["kind"];

const kinds: readonly Kind[] = [
  "pulling",
  "creating",
  "handshaking",
  "ready",
  "backing_off",
  "idle",
  "draining",
  "failed",
  "stopped",
];

/** What lifecycle.md lets a server do, beside staying where it is. */
const legal = new Set([
  "pulling creating",
  "pulling failed",
  "pulling draining",
  "pulling backing_off",
  "creating backing_off",
  "creating idle",
  "handshaking backing_off",
  "ready creating",
  "ready backing_off",
  "ready idle",
  "failed backing_off",
  "failed idle",
  ...["pulling", "creating", "handshaking", "failed", "draining"].map((to) => `backing_off ${to}`),
  ...["pulling", "creating", "handshaking", "backing_off", "failed", "draining"].map((to) => `idle ${to}`),
  "creating pulling",
  "creating handshaking",
  "creating failed",
  "creating draining",
  "handshaking ready",
  "handshaking creating",
  "handshaking idle",
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

function state(kind: Kind): InstanceState {
  if (kind === "ready") return { kind, run: {} as Run };
  return kind === "backing_off" ? { kind, untilMs: 0 } : { kind };
}

describe("transition", () => {
  it.each(kinds.flatMap((from) => kinds.map((to) => [from, to] as const)))("judges %s -> %s", (from, to) => {
    const next = state(to);
    if (from === to || legal.has(`${from} ${to}`)) expect(transition(state(from), next)).toBe(next);
    else expect(() => transition(state(from), next)).toThrow(`an instance can't go from ${from} to ${to}`);
  });
});

describe("combined", () => {
  it.each([
    [["ready", "failed"], "ready"],
    [["creating", "backing_off"], "creating"],
    [["backing_off", "failed"], "backing_off"],
    [["failed", "failed"], "failed"],
    [["draining", "ready"], "draining"],
    [["stopped", "draining"], "draining"],
    [["stopped", "stopped"], "stopped"],
  ] as const)("of %j is %s", (states, whole) => {
    expect(combined(states)).toBe(whole);
  });
});
