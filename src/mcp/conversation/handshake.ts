import type { Era } from "../../base/spec/spec.ts";
import type { Connection } from "../../jsonrpc/connection.ts";
import type { EraCodec } from "../eras/era-codec.ts";
import { initialize, legacyCodec } from "../eras/legacy.ts";
import { isReply } from "../eras/modern.ts";
import type { ClientInfo, McpInfo } from "../protocol/mcp-info.ts";
import type { EraHint, Question } from "./era-plan.ts";
import { findEra, type ProbeOutcome } from "./era-search.ts";

/** A server that runs answers at once, and one that is still starting does no harm by having both questions. */
const defaultProbeMs = 3000;

/** What a server and the manager agreed on. It goes on over another attachment to the same process. */
export interface Conversation {
  readonly codec: EraCodec;
  /** Undefined: the server was in conversation already, and does not say again who it is. */
  readonly info: McpInfo | undefined;
  /** Ids of the requests by which the server, as far as it knows, is subscribed to. */
  readonly subscribed: Set<number>;
}

/** A conversation that was opened, and what was learnt of the server's era. */
export interface Opened extends Conversation {
  readonly probe: ProbeOutcome;
}

export interface HandshakeOptions {
  /** Absent: found out. */
  readonly era?: Era | undefined;
  /** What is known of the same program, while `era` is absent. */
  readonly likely?: EraHint | undefined;
  /** Whether a manager before this one may have been in conversation with the same process. */
  readonly resuming?: boolean;
  /** The process is in conversation, in the legacy era, and must not be asked to initialize again: a ping is enough. */
  readonly greeted?: { readonly info: McpInfo | undefined } | undefined;
  /** Whether a server that does not answer may be asked to initialize twice. Default: true. */
  readonly repeats?: boolean;
  /** Told of each question of the handshake, and when the server replied to it. */
  readonly onQuestion?: (question: Question, state: "asked" | "replied") => void;
  /** The server was taken for one of the legacy era, and then said that it speaks the modern one. */
  readonly onLateModern?: () => void;
  /** How long a server may be silent before it is asked something else. Default: 3 s. */
  readonly probeMs?: number;
  /** How long the handshake may take, by half of which both questions are asked. Default: no end. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
}

type Options = HandshakeOptions & { readonly clientInfo: ClientInfo };

/**
 * Opens the conversation in the era that the server speaks. Throws `protocol` when it answers with something else than
 * a handshake, what it refused the handshake with, and what `Connection.request` throws.
 */
export async function openConversation(connection: Connection, options: Options): Promise<Opened> {
  const { greeted, resuming = false } = options;
  if (greeted !== undefined) return ping(connection, { ...options, info: greeted.info, probe: "not_asked" });
  try {
    return await (options.era === "legacy" ? openLegacy(connection, options) : find(connection, options));
  } catch (error) {
    // A process that was in conversation before may refuse a second initialize (some do).
    if (!resuming || options.era === "modern" || !isReply(error)) throw error;
    return ping(connection, { ...options, info: undefined, probe: "refused" });
  }
}

async function openLegacy(connection: Connection, options: Options): Promise<Opened> {
  const { clientInfo, signal, onQuestion } = options;
  onQuestion?.("initialize", "asked");
  const replied = () => onQuestion?.("initialize", "replied");
  try {
    const info = await initialize(connection, { clientInfo, signal });
    replied();
    return legacy(info, "not_asked");
  } catch (error) {
    if (isReply(error)) replied();
    throw error;
  }
}

async function find(connection: Connection, options: Options): Promise<Opened> {
  const { era, likely, probeMs = defaultProbeMs, timeoutMs = Number.POSITIVE_INFINITY } = options;
  const { clientInfo, signal, repeats = true, onQuestion = () => {}, onLateModern = () => {} } = options;
  const found = await findEra(connection, {
    clientInfo,
    likely,
    modernOnly: era === "modern",
    probeMs,
    bothWithinMs: timeoutMs / 2,
    repeats,
    signal,
    onQuestion,
    onLateModern,
  });
  if (found.era === "legacy") return legacy(found.info, found.probe);
  return { ...found.discovery, subscribed: new Set(), probe: "modern" };
}

/** A process that answers a ping lives and goes on. */
async function ping(
  connection: Connection,
  { signal, info, probe }: Pick<Options, "signal"> & { info: McpInfo | undefined; probe: ProbeOutcome },
): Promise<Opened> {
  await connection.request(legacyCodec.livenessMethod, legacyCodec.params({}), { signal });
  return legacy(info, probe);
}

function legacy(info: McpInfo | undefined, probe: ProbeOutcome): Opened {
  return { codec: legacyCodec, info, subscribed: new Set(), probe };
}
