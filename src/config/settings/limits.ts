import { integer, mib } from "./parsers.ts";
import { setting } from "./setting.ts";

/** How much of what callers and servers send the manager keeps. */
export const limitSettings = {
  maxRequestBytes: setting("MCPM_MAX_REQUEST_BYTES", {
    help: "largest request message",
    fallback: 16 * mib,
    parse: integer(1024, 1024 * mib),
  }),
  maxLineBytes: setting("MCPM_MAX_LINE_BYTES", {
    help: "largest line that a server may write",
    fallback: 32 * mib,
    parse: integer(1024, 256 * mib),
  }),
  maxUnreadBytes: setting("MCPM_MAX_UNREAD_BYTES", {
    help: "bytes that may wait for callers: responses not read yet, and requests not sent whole yet",
    fallback: 256 * mib,
    parse: integer(mib, 65_536 * mib),
  }),
  logRingBytes: setting("MCPM_LOG_RING_BYTES", {
    help: "memory for the recent log lines of one server",
    fallback: mib,
    parse: integer(4096, 1024 * mib),
  }),
};
