import type { ServerHttp2Stream } from "node:http2";
import type net from "node:net";
import { PipelinedAnswers } from "./pipelined-answers.ts";
import { isWhole } from "./whole-stream.ts";

/** One connection, and what is asked on it. */
export class Connection {
  readonly socket: net.Socket;
  readonly address: string;
  /** When it last asked for something, or came. */
  usedAtMs: number;
  /** What is under way over HTTP/1.1. */
  readonly pipelined = new PipelinedAnswers();
  /** What is open over HTTP/2, and since when: the oldest first. */
  readonly streams = new Map<ServerHttp2Stream, number>();

  constructor(socket: net.Socket, usedAtMs: number) {
    this.socket = socket;
    this.address = socket.remoteAddress ?? "";
    this.usedAtMs = usedAtMs;
  }

  /** Whether something is done for it: a request has come whole, and its answer has not ended. */
  get isBusy(): boolean {
    if (this.pipelined.isBusy) return true;
    for (const stream of this.streams.keys()) if (isWhole(stream) && !stream.writableEnded) return true;
    return false;
  }
}

export interface ConnectionsOptions {
  /** Connections of one remote address. Without a proxy in front, all callers on this machine have the same. */
  readonly maxPerAddress: number;
  /** Connections of all. */
  readonly max: number;
}

/**
 * The connections that are open, so many at most. One more takes the place of the one that asked for something the longest
 * ago, and that nothing is done for: who holds connections, and asks nothing, or only begins to, must not keep others out.
 * When calls are under way on all of them, it is refused.
 */
export class Connections {
  readonly #options: ConnectionsOptions;
  /** The oldest first. */
  readonly #open = new Map<net.Socket, Connection>();
  readonly #perAddress = new Map<string, number>();

  constructor(options: ConnectionsOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#open.size;
  }

  of(socket: net.Socket): Connection | undefined {
    return this.#open.get(socket);
  }

  all(): Iterable<Connection> {
    return this.#open.values();
  }

  sockets(): Iterable<net.Socket> {
    return this.#open.keys();
  }

  /** Undefined: there is no room, and the connection was closed. */
  add(socket: net.Socket, nowMs: number): Connection | undefined {
    const connection = new Connection(socket, nowMs);
    if (!this.#makeRoom(connection)) {
      socket.destroy();
      return undefined;
    }
    this.#open.set(socket, connection);
    this.#count(connection, 1);
    socket.once("close", () => this.#delete(connection));
    return connection;
  }

  #makeRoom({ address }: Connection): boolean {
    const { max, maxPerAddress } = this.#options;
    const ofAddress = (this.#perAddress.get(address) ?? 0) >= maxPerAddress;
    if (!ofAddress && this.#open.size < max) return true;
    const given = leastNeeded(this.#open.values(), ofAddress ? address : undefined);
    if (given === undefined) return false;
    given.socket.destroy();
    // Its close is told of later.
    this.#delete(given);
    return true;
  }

  #delete(connection: Connection): void {
    if (this.#open.delete(connection.socket)) this.#count(connection, -1);
  }

  #count({ address }: Connection, change: number): void {
    const count = (this.#perAddress.get(address) ?? 0) + change;
    if (count > 0) this.#perAddress.set(address, count);
    else this.#perAddress.delete(address);
  }
}

/** Of all, or of one address: the one that was used last the longest ago, of those that nothing is done for. */
function leastNeeded(connections: Iterable<Connection>, address: string | undefined): Connection | undefined {
  let least: Connection | undefined;
  for (const connection of connections) {
    if (address !== undefined && connection.address !== address) continue;
    if (least !== undefined && connection.usedAtMs >= least.usedAtMs) continue;
    if (!connection.isBusy) least = connection;
  }
  return least;
}
