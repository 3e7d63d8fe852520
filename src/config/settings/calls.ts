import { integer } from "./parsers.ts";
import { setting } from "./setting.ts";

/** Deadlines of calls. */
export const callSettings = {
  timeoutMs: setting("MCPM_CALL_TIMEOUT_MS", {
    help: "deadline of a call whose caller and spec set none",
    fallback: 60_000,
    parse: integer(1, 86_400_000),
  }),
  maxTimeoutMs: setting("MCPM_MAX_CALL_TIMEOUT_MS", {
    help: "longest deadline of a call",
    fallback: 600_000,
    parse: integer(1, 86_400_000),
  }),
};
