import type { Conversation } from "../../src/mcp/conversation/handshake.ts";
import { legacyCodec } from "../../src/mcp/eras/legacy.ts";
import { Session } from "../../src/mcp/session.ts";

interface Sent {
  readonly id?: number;
  readonly method: string;
  readonly params?: unknown;
}

type ScriptedReply =
  | string
  | { readonly error: { readonly code: number; readonly message: string; readonly data?: unknown } };

/** A session of a server that runs before anybody has its attachment. */
export function unboundSession() {
  const session = new Session({
    clientInfo: { name: "test", version: "0" },
    listener: { stderr() {}, strayLine() {}, logMessage() {}, unclaimedReply() {}, remark() {}, attachmentEnded() {} },
    firstId: 5,
    limits: { maxLineBytes: 64 * 1024 * 1024, maxQueuedChars: 1024 * 1024 },
  });
  const bind = (write: (text: string) => void) => {
    const attachment = {
      write(chunk: Uint8Array) {
        write(Buffer.from(chunk).toString());
        return true;
      },
      close() {},
    };
    session.bind(attachment);
  };
  return { session, bind };
}

/**
 * A session whose server is this test: it gives each request the result (as text) or the error that the script has for
 * it, or none.
 */
export function scriptedSession(
  script: (method: string) => ScriptedReply | undefined,
  conversation: Conversation = { codec: legacyCodec, info: undefined, subscribed: new Set() },
) {
  const sent: Sent[] = [];
  const { session, bind } = unboundSession();
  bind((text) => {
    for (const line of text.split("\n")) {
      if (line === "") continue;
      const message: Sent = JSON.parse(line);
      sent.push(message);
      const reply = message.id === undefined ? undefined : script(message.method);
      if (reply === undefined) continue;
      const body = typeof reply === "string" ? `"result":${reply}` : `"error":${JSON.stringify(reply.error)}`;
      session.sink.stdout(Buffer.from(`{"jsonrpc":"2.0","id":${message.id},${body}}\n`));
    }
  });
  session.resume(conversation);
  const tell = (method: string, params: object) =>
    session.sink.stdout(Buffer.from(`${JSON.stringify({ jsonrpc: "2.0", method, params })}\n`));
  return { session, sent, tell };
}
