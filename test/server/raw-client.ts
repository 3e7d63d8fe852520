import net from "node:net";

/** A bare TCP connection: what it got, and when it ended. */
export interface RawClient {
  readonly socket: net.Socket;
  readonly received: () => string;
  /** Resolves when what was received holds this text. */
  readonly until: (text: string) => Promise<void>;
  readonly closed: Promise<void>;
}

export async function connectRaw(port: number): Promise<RawClient> {
  const socket = net.connect({ port, host: "127.0.0.1", noDelay: true });
  let text = "";
  socket.on("data", (chunk) => {
    text += chunk.toString("latin1");
  });
  socket.on("error", () => {});
  const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  await new Promise<void>((resolve) => socket.once("connect", () => resolve()));
  const until = (wanted: string) =>
    new Promise<void>((resolve, reject) => {
      const look = () => {
        if (!text.includes(wanted)) return;
        socket.off("data", look);
        resolve();
      };
      socket.on("data", look);
      void closed.then(() => reject(new Error(`closed before ${JSON.stringify(wanted)}; got ${JSON.stringify(text)}`)));
      look();
    });
  return { socket, received: () => text, until, closed };
}
