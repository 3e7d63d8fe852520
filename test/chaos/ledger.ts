import { Code, type ConnectError } from "@connectrpc/connect";
import { errorInfo } from "../e2e/test-manager.ts";
import type { Kind } from "./kinds.ts";

/** What must be there after the manager was killed, by what it acknowledged. */
export interface Expected {
  readonly presence: "there" | "gone" | "either";
  /** Ids of the containers that it must have, if it is there. Undefined: any. */
  readonly containers: readonly string[] | undefined;
}

/** A server's entry: what was acknowledged, and what is under way. */
export interface Entry {
  readonly kind: Kind;
  salt: string;
  expected: Expected;
  /** Undefined: nothing was asked, or all of it was answered. */
  underWay: string | undefined;
}

export type Ledger = ReadonlyMap<string, Entry>;

export function newLedger(kinds: readonly Kind[]): Ledger {
  const gone: Expected = { presence: "gone", containers: undefined };
  return new Map(
    kinds.map((kind) => [kind.name, { kind, salt: "0", expected: gone, underWay: undefined } satisfies Entry]),
  );
}

/** Without the manager's word on it: the client found out itself that the manager is gone. */
export function wasCutOff(error: ConnectError): boolean {
  return errorInfo(error).reason === undefined;
}

/** As one word, for tables and findings. */
export function nameOf(error: ConnectError): string {
  const { code, reason, delivery } = errorInfo(error) as { code: Code; reason?: string; delivery?: string };
  return `${Code[code]} ${reason ?? "without a reason"}, ${delivery ?? "without delivery"}`;
}
