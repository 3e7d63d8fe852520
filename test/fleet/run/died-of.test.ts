import { describe, expect, it } from "vitest";
import { diedOf } from "../../../src/fleet/run/died-of.ts";

interface Death {
  readonly said?: string;
  readonly exitCode?: number;
  readonly oomKilled?: boolean;
  readonly replied?: boolean;
}

const dies = ({ said = "", exitCode = 1, oomKilled = false, replied = false }: Death) =>
  diedOf("probe", {
    end: { kind: "exited", exit: { exitCode, oomKilled } },
    session: { leftUnanswered: () => !replied },
    output: () => ({ stderrTail: said }),
  });

describe("A server that exits on the probe", () => {
  it.each([
    "",
    "INFO rust-mcp-filesystem: starting\n",
    "expected initialize\n",
    'Error: ExpectedInitializeRequest(Some(Request(JsonRpcRequest { method: "server/discover" })))',
    "Error: connection closed: initialize request",
    "thread 'main' panicked at: unknown variant `server/discover`, expected one of `initialize`",
    "Error: failed to deserialize message",
    "2026-11-30 INFO tokenizer loaded, failover is off\n",
  ])("may have done so for it when it says %j", (said) => {
    expect(dies({ said })).toBe(true);
  });

  it.each([
    "cannot start: no license\n",
    "usage: sentry-mcp --access-token=<token>\n",
    "Error: SENTRY_ACCESS_TOKEN is not set",
    "\u001b[31mERROR\u001b[0m bad token",
    "please provide a token",
    "Traceback (most recent call last):\n  File x\nKeyError: 'TOKEN'",
    "Failed to initialize the database: connection refused",
    "TLS handshake failed: invalid certificate",
    "sh: /srv/run: Permission denied",
  ])("has not when it has a reason of its own: %j", (said) => {
    expect(dies({ said })).toBe(false);
  });

  it("has not when it replied, or was killed, or could not be run", () => {
    expect(dies({ replied: true })).toBe(false);
    expect(dies({ oomKilled: true, exitCode: 137 })).toBe(false);
    for (const exitCode of [126, 127, 137, 143]) expect(dies({ exitCode })).toBe(false);
  });
});
