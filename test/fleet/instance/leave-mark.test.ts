import { describe, expect, it } from "vitest";
import { ManagerError } from "../../../src/base/errors/errors.ts";
import { silentLog } from "../../../src/base/log/log.ts";
import { leaveMark } from "../../../src/fleet/instance/leave-mark.ts";

describe("leaveMark", () => {
  it.each(["stopping", "restarting"] as const)("says what goes on without its mark: %s", async (doing) => {
    const warned: string[] = [];
    const log = { ...silentLog, warn: (message: string) => void warned.push(message) };
    const diskFull = new ManagerError("unavailable", "no space left", {
      details: { reason: "ENGINE_ERROR", delivery: "not_sent" },
    });
    const runtime = { mark: () => Promise.reject(diskFull) };
    await leaveMark(doing, { runtime, log, server: "s", id: "i" });
    expect(warned).toEqual([
      `the engine could not note that a server is ${doing}: a manager that starts meanwhile would not finish that`,
    ]);
  });
});
