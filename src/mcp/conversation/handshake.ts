import { within } from "../../base/async/within.ts";
import type { ManagerError } from "../../base/errors/errors.ts";
import type { Era } from "../../base/spec/spec.ts";
import type { Connection } from "../../jsonrpc/connection.ts";
import type { EraCodec } from "../eras/era-codec.ts";
import { initialize, legacyCodec } from "../eras/legacy.ts";
import { discover, isReply } from "../eras/modern.ts";
import type { ClientInfo, McpInfo } from "../protocol/mcp-info.ts";

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

export interface HandshakeOptions {
  /** Absent: found out. */
  readonly era?: Era | undefined;
  /** What the same program spoke before, while `era` is absent: a server that is likely legacy is asked so first. */
  readonly likely?: Era | undefined;
  /** Whether a manager before this one may have been in conversation with the same process. */
  readonly resuming?: boolean;
  /** Told that the server is asked the question that finds its era out, and that it answered. */
  readonly onProbe?: (state: "pending" | "replied") => void;
  /** How long a server may be silent before it is asked in the legacy way, too. Default: 3 s. */
  readonly probeMs?: number;
  readonly signal?: AbortSignal | undefined;
}

type Options = HandshakeOptions & { readonly clientInfo: ClientInfo };

/**
 * Opens the conversation in the era that the server speaks. Throws `protocol` when it answers with something else than
 * a handshake, what it refused the handshake with, and what `Connection.request` throws.
 */
export async function openConversation(connection: Connection, options: Options): Promise<Conversation> {
  switch (options.era) {
    case "legacy":
      return openLegacy(connection, options);
    case "modern":
      return openModern(connection, options);
    default:
      return options.likely === "legacy" ? likelyLegacy(connection, options) : findEra(connection, options);
  }
}

/** A server that exits on the question must not be asked without need. One that refuses has changed meanwhile. */
async function likelyLegacy(connection: Connection, options: Options): Promise<Conversation> {
  try {
    return await openLegacy(connection, options);
  } catch (error) {
    if (!isReply(error)) throw error;
    return await findEra(connection, options);
  }
}

/**
 * Asks in the modern way first (MCP revision 2026-07-28, stdio, backward compatibility). Any refusal means the legacy
 * era, whatever its code.
 */
async function findEra(connection: Connection, options: Options): Promise<Conversation> {
  const { clientInfo, probeMs = defaultProbeMs } = options;
  // Ends whichever question is still open once the other is answered. Neither is cancelled: the legacy era forbids it
  // for initialize, and has never heard of the other.
  const over = new AbortController();
  const signal = options.signal === undefined ? over.signal : AbortSignal.any([over.signal, options.signal]);
  try {
    const modern = openModern(connection, { clientInfo, signal });
    options.onProbe?.("pending");
    const onReply = () => options.onProbe?.("replied");
    modern.then(onReply, (error: unknown) => isReply(error) && onReply());
    if (!(await within(probeMs, modern))) {
      return await askBoth(modern, openLegacy(connection, { ...options, signal }), probeMs);
    }
    try {
      return await modern;
    } catch (refusal) {
      if (!isReply(refusal)) throw refusal;
      return await openLegacy(connection, { ...options, signal }).catch((error: unknown) => {
        throw moreTelling(refusal, error);
      });
    }
  } finally {
    over.abort();
  }
}

/**
 * A silent server may be of the legacy era and ignore what it does not know, or have been slow to start: then it
 * answers both questions, in its own order. One that speaks both eras (SDK v2) is of the legacy one once it has taken
 * initialize, whatever it answered before. After one reply the other won't take long: both questions are read.
 */
async function askBoth(
  modern: Promise<Conversation>,
  legacy: Promise<Conversation>,
  patienceMs: number,
): Promise<Conversation> {
  const unlessLegacy = async (conversation: Conversation) =>
    (await within(patienceMs, legacy)) ? legacy.catch(() => conversation) : conversation;
  const unlessModern = async (error: unknown) => {
    if (await within(patienceMs, modern)) return modern.catch(() => Promise.reject(error));
    throw error;
  };
  return await Promise.race([modern.then(unlessLegacy, () => legacy), legacy.catch(unlessModern)]);
}

/** A server that refuses both eras: of revisions that nobody knows, or for a reason that only one reply has. */
function moreTelling(modern: ManagerError, legacy: unknown): unknown {
  const unknownRevision = modern.details.reason === "UNSUPPORTED_PROTOCOL_VERSION";
  return unknownRevision && isReply(legacy) ? modern : legacy;
}

async function openModern(
  connection: Connection,
  { clientInfo, signal }: Pick<Options, "clientInfo" | "signal">,
): Promise<Conversation> {
  return { ...(await discover(connection, { clientInfo, signal })), subscribed: new Set() };
}

/**
 * A process that was in conversation before may refuse a second initialize (some do): one that answers a ping lives and
 * goes on.
 */
async function openLegacy(connection: Connection, options: Options): Promise<Conversation> {
  const { clientInfo, signal, resuming = false } = options;
  try {
    return legacy(await initialize(connection, { clientInfo, signal }));
  } catch (error) {
    if (!resuming || !isReply(error)) throw error;
    await connection.request(legacyCodec.livenessMethod, legacyCodec.params({}), { signal });
    return legacy(undefined);
  }
}

function legacy(info: McpInfo | undefined): Conversation {
  return { codec: legacyCodec, info, subscribed: new Set() };
}
