import { ManagerError } from "../../../base/errors/errors.ts";
import type { Requests, SignalOption } from "../../conversation/requests.ts";
import type { LogLevel } from "../../protocol/log-level.ts";

/**
 * Has the server log from this level on. In the legacy era it is told; in the modern one each request says so (MCP
 * revision 2026-07-28, server/utilities/logging). Throws `unsupported` when it does not log by MCP, and what
 * `Requests.result` throws.
 */
export async function setLogLevel(requests: Requests, level: LogLevel, options: SignalOption): Promise<void> {
  const { codec } = requests;
  if (codec.era === "legacy") {
    await requests.result("logging/setLevel", { members: `"level":"${level}"` }, options);
    return;
  }
  if (codec.askForLogs === undefined) {
    throw new ManagerError("unsupported", "the server does not log by MCP: it does not declare `logging`", {
      details: { reason: "CAPABILITY_NOT_DECLARED", delivery: "not_sent" },
    });
  }
  codec.askForLogs(level);
}
