import { describe, expect, it } from "vitest";
import { combined, type InstanceState, transition } from "../../../src/fleet/instance/instance-state.ts";
import type { Run } from "../../../src/fleet/run/run.ts";
import type { StateKind } from "../../../src/fleet/state/state-kind.ts";

const kinds: readonly StateKind[] = [
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

/** What an instance goes through, by what happens to it. Each begins as `creating`, before there is anything of it. */
const lives: readonly (readonly [what: string, path: string])[] = [
  // Start and Stop.
  ["is started, and stopped", "creating handshaking ready draining stopped"],
  ["is started from an image that must be pulled", "creating pulling creating handshaking ready"],
  ["has an image that can't be pulled", "creating pulling failed"],
  ["is refused by the engine", "creating failed"],
  ["does not shake hands", "creating handshaking failed"],
  ["dies of the question for its era, and is replaced", "creating handshaking creating handshaking ready"],
  ["is stopped while it is pulled", "creating pulling draining stopped"],
  ["is stopped before it runs", "creating draining stopped"],
  ["is stopped while it shakes hands", "creating handshaking draining stopped"],
  [
    "is stopped by an engine that does not answer, and again",
    "creating handshaking ready draining failed draining stopped",
  ],
  // It goes down by itself.
  ["crashes, and is restarted", "creating handshaking ready backing_off creating handshaking ready"],
  [
    "crashes again and again until it is given up",
    "creating handshaking ready backing_off creating handshaking failed",
  ],
  [
    "does not shake hands when it is restarted, and is again",
    "creating handshaking ready backing_off creating handshaking backing_off",
  ],
  ["crashes when its policy is never, and is started", "creating handshaking ready failed creating handshaking ready"],
  [
    "fails, and has lost container and image when it is started",
    "creating handshaking ready failed pulling creating handshaking ready",
  ],
  [
    "loses its container and its image, and is made anew",
    "creating handshaking ready backing_off pulling backing_off pulling creating",
  ],
  ["is paused when its restart is due, and given up", "creating handshaking ready backing_off failed"],
  ["is stopped while it waits for its restart", "creating handshaking ready backing_off draining stopped"],
  ["is started by somebody while it waits for that", "creating handshaking ready backing_off handshaking ready"],
  // Restart.
  ["is restarted in its container", "creating handshaking ready creating handshaking ready"],
  // Nobody calls.
  ["sleeps, and is woken by a call", "creating handshaking ready idle creating handshaking ready"],
  ["sleeps, and is stopped", "creating handshaking ready idle draining stopped"],
  ["sleeps, and is started by somebody else", "creating handshaking ready idle handshaking ready"],
  ["sleeps, and has lost container and image when it is woken", "creating handshaking ready idle pulling creating"],
  ["sleeps, and has been paused when it is woken", "creating handshaking ready idle backing_off"],
  ["sleeps, and can't be woken", "creating handshaking ready idle failed"],
  // Found at boot, and the engine.
  ["is found running, and exits because it was told to while it slept", "creating handshaking idle"],
  ["is found exited, and stops when idle", "creating idle"],
  ["is found exited, and is restarted", "creating backing_off creating handshaking ready"],
  ["loses its attachment", "creating handshaking ready handshaking ready"],
  ["loses the engine, and is there when that is back", "creating handshaking ready failed handshaking ready"],
  ["loses the engine, and has exited when that is back", "creating handshaking ready failed backing_off"],
  ["loses the engine, and is idle when that is back", "creating handshaking ready failed idle"],
];

const pathOf = (text: string) => text.split(" ") as StateKind[];

function state(kind: StateKind): InstanceState {
  if (kind === "ready") return { kind, run: {} as Run };
  return kind === "backing_off" ? { kind, untilMs: 0 } : { kind };
}

describe("An instance's life", () => {
  it.each(lives)("that %s is %s", (_what, text) => {
    const [first = "creating", ...rest] = pathOf(text);
    const end = rest.map(state).reduce(transition, state(first));
    expect(end.kind).toBe(pathOf(text).at(-1));
  });

  it.each(kinds)("may stay %s, with what is new about it", (kind) => {
    const next = state(kind);
    expect(transition(state(kind), next)).toBe(next);
  });

  it("takes no step that none of these takes", () => {
    const steps = new Set(lives.flatMap(([, text]) => pathOf(text).map((kind, at, path) => `${path[at - 1]} ${kind}`)));
    for (const from of kinds) {
      for (const to of kinds.filter((kind) => kind !== from && !steps.has(`${from} ${kind}`))) {
        expect(() => transition(state(from), state(to))).toThrow(`an instance can't go from ${from} to ${to}`);
      }
    }
  });

  it.each([
    ["goes on after a Stop", "stopped", "creating"],
    ["is called while it is stopped", "draining", "ready"],
    ["answers before it was asked", "creating", "ready"],
    ["sleeps while it is stopped", "draining", "idle"],
    ["pulls an image while it answers", "ready", "pulling"],
    ["ends without being drained", "ready", "stopped"],
  ] as const)("is none that %s", (_what, from, to) => {
    expect(() => transition(state(from), state(to))).toThrow(`an instance can't go from ${from} to ${to}`);
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
