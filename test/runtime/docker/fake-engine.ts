import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";

type Handler = (request: IncomingMessage, response: ServerResponse) => void;
type UpgradeHandler = (socket: Socket) => void;

/** An HTTP server on a unix socket that plays the engine: the wire is the one place where fakes are allowed. */
export class FakeEngine implements AsyncDisposable {
  readonly dockerHost: string;
  readonly #server: Server;
  readonly #folder: string;
  readonly #sockets = new Set<Socket>();

  private constructor(folder: string, server: Server) {
    this.#folder = folder;
    this.#server = server;
    this.dockerHost = `unix://${path.join(folder, "engine.sock")}`;
    server.on("connection", (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on("error", () => {});
      // Node's HTTP server keeps a connection that the other side has ended.
      socket.on("end", () => socket.destroy());
      socket.on("close", () => this.#sockets.delete(socket));
    });
  }

  static async listen(handler: Handler, onUpgrade: UpgradeHandler = (socket) => socket.destroy()): Promise<FakeEngine> {
    const folder = await mkdtemp(path.join(tmpdir(), "mcpm-fake-engine-"));
    const server = createServer(handler);
    server.on("upgrade", (_request, socket: Socket) => {
      // Read it, or it would not notice its end.
      socket.resume();
      onUpgrade(socket);
    });
    const engine = new FakeEngine(folder, server);
    server.listen(path.join(folder, "engine.sock"));
    await once(server, "listening");
    return engine;
  }

  get openConnections(): number {
    return this.#sockets.size;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

export const switchingProtocols = "HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n";

/** A frame of the attach stream. */
export function frame(type: 1 | 2, payload: string | Uint8Array): Buffer {
  const body = Buffer.from(payload as string);
  const header = Buffer.alloc(8);
  header[0] = type;
  header.writeUInt32BE(body.length, 4);
  return Buffer.concat([header, body]);
}
