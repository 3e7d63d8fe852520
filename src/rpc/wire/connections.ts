import type http from "node:http";
import type { ServerHttp2Stream } from "node:http2";
import type net from "node:net";
import { isWhole } from "./open-streams.ts";

/** One connection, and what is asked on it. */
export class Connection {
  readonly socket: net.Socket;
  readonly address: string;
  /** When it last asked for something, or came. */
  usedAtMs: number;
  /** The last answer over HTTP/1.1: those before it have ended when it has. */
  answer: http.ServerResponse | undefined;
  /** What is open over HTTP/2. */
  readonly streams = new Set<ServerHttp2Stream>();

  constructor(socket: net.Socket, usedAtMs: number) {
    this.socket = socket;
    this.address = socket.remoteAddress ?? "";
    this.usedAtMs = usedAtMs;
  }

  /** Nothing is asked on it that was not answered. */
  get isIdle(): boolean {
    return this.streams.size === 0 && (this.answer === undefined || this.answer.writableEnded || this.answer.destroyed);
  }

  /** What is asked on it waits for the rest from its caller. */
  get isUnsent(): boolean {
    if (this.answer?.req.complete === true) return false;
    for (const stream of this.streams) if (isWhole(stream)) return false;
    return true;
  }
}

export interface ConnectionsOptions {
  /** Connections of one remote address. Without a proxy in front, all callers on this machine have the same. */
  readonly maxPerAddress: number;
  /** Connections of all. */
  readonly max: number;
}

/**
 * The connections that are open, so many at most. One more takes the place of the one that was idle for the longest, or of
 * one whose request does not come: who holds connections and asks nothing must not keep others out. When calls are under
 * way on all of them, it is refused.
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

/** Of all, or of one address. */
function leastNeeded(connections: Iterable<Connection>, address: string | undefined): Connection | undefined {
  let idle: Connection | undefined;
  let unsent: Connection | undefined;
  for (const connection of connections) {
    if (address !== undefined && connection.address !== address) continue;
    if (connection.isIdle) {
      if (idle === undefined || connection.usedAtMs < idle.usedAtMs) idle = connection;
    } else if (idle === undefined && unsent === undefined && connection.isUnsent) {
      unsent = connection;
    }
  }
  return idle ?? unsent;
}
