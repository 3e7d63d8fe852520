import { constants } from "node:os";

/** The stop signal of an image that names none. */
const usual = "SIGTERM";

/** SIGRTMIN to SIGRTMAX, as the engine names them. */
const realTime = /^SIGRTM(?:IN(?:\+\d{1,2})?|AX(?:-\d{1,2})?)$/;

/**
 * The signal by which an image wants to be stopped (`STOPSIGNAL`): a name with or without `SIG`, or a number of 1 to
 * 64. For anything else, SIGTERM.
 */
export function stopSignalOf(wish: unknown): string {
  const text = String(wish ?? "").toUpperCase();
  if (/^\d{1,2}$/.test(text)) return Number(text) >= 1 && Number(text) <= 64 ? String(Number(text)) : usual;
  const name = text.startsWith("SIG") ? text : `SIG${text}`;
  return Object.hasOwn(constants.signals, name) || realTime.test(name) ? name : usual;
}
