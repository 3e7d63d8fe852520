import { abortSource } from "./abort-source.ts";
import { bodyEvents } from "./body-events.ts";
import type { Pair } from "./by-hand.ts";
import { encodeJson, encodeLarge, encodeLine, encodeTyped } from "./encoder.ts";
import { farDeadlines } from "./far-deadlines.ts";
import { responseGuards } from "./guarded-response.ts";
import { digits, longStrings, plainErrors } from "./json-scan.ts";
import { requestHeaders } from "./lazy-headers.ts";
import { logMessage } from "./log-message.ts";
import { mapIterator } from "./map-messages.ts";
import { lineBreaks } from "./one-line.ts";
import { tickShape } from "./tick-shape.ts";
import { disposableClass, finallyForm } from "./using.ts";

/** What stands in the code, by short names. */
export const byHandPairs = {
  encodeJson,
  encodeTyped,
  encodeLarge,
  encodeLine,
  requestHeaders,
  tickShape,
  bodyEvents,
  responseGuards,
  abortSource,
  farDeadlines,
  mapIterator,
  logMessage,
  plainErrors,
  longStrings,
  digits,
  lineBreaks,
} satisfies Record<string, Pair>;

/** What does not, since it gains too little. */
export const leftPlainPairs = { disposableClass, finallyForm } satisfies Record<string, Pair>;

export const pairs = { ...byHandPairs, ...leftPlainPairs };
