import { once } from "node:events";
import net from "node:net";

/** A connection that sends bytes as they are, and ends with its signal. Its errors only close it. */
export class RawSocket {
  sentBytes = 0;
  readonly #socket: net.Socket;
  readonly #waiting = new Set<() => void>();

  private constructor(socket: net.Socket, onBytes: (chunk: Buffer) => void) {
    this.#socket = socket;
    socket.on("error", () => {});
    socket.on("close", () => this.#onChange());
    socket.on("drain", () => this.#onChange());
    socket.on("data", (chunk: Buffer) => {
      onBytes(chunk);
      this.#onChange();
    });
  }

  /** Rejects when it is refused. */
  static async open(
    port: number,
    { signal, onBytes }: { signal: AbortSignal; onBytes: (chunk: Buffer) => void },
  ): Promise<RawSocket> {
    const socket = net.connect({ port, host: "127.0.0.1", signal, noDelay: true });
    await once(socket, "connect");
    return new RawSocket(socket, onBytes);
  }

  get closed(): boolean {
    return this.#socket.destroyed || !this.#socket.writable;
  }

  /** Resolves when the system has taken it, or the connection is closed. */
  async write(bytes: Uint8Array): Promise<void> {
    if (this.closed) return;
    this.sentBytes += bytes.length;
    if (!this.#socket.write(bytes)) await this.until(() => !this.#socket.writableNeedDrain);
  }

  /** Resolves when it holds, the connection is closed, or so many milliseconds have gone. */
  async until(holds: () => boolean, ms = 60_000): Promise<void> {
    if (holds() || this.#socket.destroyed) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, ms);
    const look = () => {
      if (holds() || this.#socket.destroyed) resolve();
    };
    this.#waiting.add(look);
    await promise;
    clearTimeout(timer);
    this.#waiting.delete(look);
  }

  /** Reads no more: what is sent to it stays where it is. */
  pause(): void {
    this.#socket.pause();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #onChange(): void {
    for (const look of this.#waiting) look();
  }
}
