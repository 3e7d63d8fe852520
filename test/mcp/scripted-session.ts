import { legacyCodec } from "../../src/mcp/legacy.ts";
import { Session } from "../../src/mcp/session.ts";

interface Sent {
  readonly id?: number;
  readonly method: string;
  readonly params?: unknown;
}

/** A session whose server is this test: it gives each request the result that the script has for it, or none. */
export function scriptedSession(script: (method: string) => string | undefined) {
  const sent: Sent[] = [];
  const session = new Session({
    clientInfo: { name: "test", version: "0" },
    listener: { stderr() {}, strayLine() {}, logMessage() {}, lateReply() {}, attachmentEnded() {} },
    firstId: 5,
    maxLineBytes: 64 * 1024 * 1024,
    maxQueuedChars: 1024 * 1024,
  });
  session.bind({
    write(chunk) {
      for (const line of Buffer.from(chunk).toString().split("\n")) {
        if (line === "") continue;
        const message: Sent = JSON.parse(line);
        sent.push(message);
        const result = message.id === undefined ? undefined : script(message.method);
        if (result === undefined) continue;
        session.sink.stdout(Buffer.from(`{"jsonrpc":"2.0","id":${message.id},"result":${result}}\n`));
      }
      return true;
    },
    close() {},
  });
  session.resume({ codec: legacyCodec, info: undefined });
  return { session, sent };
}
