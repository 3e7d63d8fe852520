import { describe, expect, it } from "vitest";
import { accounting, type Check, deliveries, equal } from "./checks.ts";
import { Ledger, type Outcome } from "./ledger.ts";

function ledgerOf(outcomes: Record<string, Outcome>): Ledger {
  const ledger = new Ledger();
  for (const [id, outcome] of Object.entries(outcomes)) {
    ledger.end(ledger.begin({ id, kind: "echo", client: "REST", tapped: true }), outcome);
  }
  return ledger;
}

const failing = (checks: readonly Check[]) => checks.filter(({ holds }) => !holds).map(({ title }) => title);
const error = (delivery: string): Outcome => ({
  kind: "error",
  failure: { code: "Unavailable", reason: "SERVER_EXITED", delivery, message: "" },
});
const counts = (...ids: string[]) => Map.groupBy(ids, (id) => id).entries();
const received = (...ids: string[]) => new Map([...counts(...ids)].map(([id, all]) => [id, all.length]));

describe("The checks of a soak", () => {
  it("hold when each call ended once and was received as its caller was told", () => {
    const ledger = ledgerOf({ a: { kind: "result" }, b: error("not_sent"), c: error("sent"), d: { kind: "given_up" } });
    expect(failing([...accounting(ledger), ...deliveries(ledger, received("a", "c"))])).toEqual([]);
    expect(failing(deliveries(ledger, received("a", "d")))).toEqual([]);
  });

  it("fail for a call that never ended", () => {
    const ledger = ledgerOf({});
    ledger.begin({ id: "a", kind: "echo", client: "REST", tapped: true });
    expect(failing(accounting(ledger))).toEqual(["sent = results + failed", "calls that never ended"]);
  });

  it("fail for a call that ended twice, and for a result that is another's", () => {
    const twice = ledgerOf({});
    const entry = twice.begin({ id: "a", kind: "echo", client: "REST", tapped: true });
    for (const kind of ["result", "given_up"] as const) twice.end(entry, { kind });
    const wrong = ledgerOf({ a: { kind: "wrong", problem: "another's answer" } });
    for (const ledger of [twice, wrong]) {
      expect(failing(accounting(ledger))).toEqual([
        "sent = results + failed",
        "wrong answers, errors without a reason",
      ]);
    }
  });

  it("fail when a call told not_sent was received, an answered one was not, or one came twice", () => {
    const ledger = ledgerOf({ a: error("not_sent"), b: { kind: "result" }, c: error("answered"), d: error("sent") });
    const titles = failing(deliveries(ledger, received("a", "d", "d")));
    expect(titles).toEqual([
      "told not_sent (1), yet received",
      "answered (2), yet never received",
      "received (2) more than once",
    ]);
  });

  it("hold when a call was sent again to another manager, which does not know its key", () => {
    const ledger = ledgerOf({ a: { kind: "result" } });
    ledger.mayComeTwice.add("a");
    expect(failing(deliveries(ledger, received("a", "a")))).toEqual([]);
  });

  it("fail when something is not as it was", () => {
    expect(equal("descriptors", { base: { socket: 4 }, end: { socket: 5 } })).toMatchObject({ holds: false });
  });
});
