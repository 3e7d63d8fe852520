import { oneOf } from "./parsers.ts";
import { setting } from "./setting.ts";

/** The manager's own log. */
export const logSettings = {
  level: setting("MCPM_LOG_LEVEL", {
    help: "lowest level that the manager's own log shows",
    fallback: "info",
    parse: oneOf(["debug", "info", "warn", "error"]),
  }),
};
