import type { ServerHttp2Stream } from "node:http2";
import type net from "node:net";
import { PipelinedResponses } from "./pipelined-responses.ts";
import { isWhole } from "./whole-stream.ts";

/** A connection of a client, and its requests. */
export class ClientConnection {
  readonly socket: net.Socket;
  readonly address: string;
  /** When its last request began, or when it was opened. */
  usedAtMs: number;
  /** Whether it has sent a request yet. */
  hasAsked = false;
  /** Bytes that had come on it when it was last looked at. */
  #seenBytes = 0;
  /** Requests under way over HTTP/1.1. */
  readonly pipelined = new PipelinedResponses();
  /** The open streams of HTTP/2 and since when each is open, the oldest first. */
  readonly streams = new Map<ServerHttp2Stream, number>();

  constructor(socket: net.Socket, usedAtMs: number) {
    this.socket = socket;
    this.address = socket.remoteAddress ?? "";
    this.usedAtMs = usedAtMs;
  }

  /** Whether bytes came since it was last looked at: of a request that is sent slowly, for example. */
  hasNews(): boolean {
    const { bytesRead } = this.socket;
    const isNew = bytesRead !== this.#seenBytes;
    this.#seenBytes = bytesRead;
    return isNew;
  }

  /** Whether a request is being served: it has come whole, and its response has not ended. */
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
  /** A request that began longer ago than this does not protect its connection. Default: 1 s. */
  readonly lateMs?: number;
}

const defaultLateMs = 1_000;

/**
 * The open connections, of which there may be only so many. When there are too many, a new connection takes the place
 * of another one: first of one that never sent a request; then of the idle one whose last request is the oldest; then
 * of any whose requests under way began some time ago, such as a stream without an end; at last of one that is idle
 * now. So a caller with many connections neither keeps others out nor takes the place of a connection in use. When a
 * request has just begun on each connection, the new one is refused.
 */
export class Connections {
  readonly #options: ConnectionsOptions;
  /** The oldest first. */
  readonly #open = new Map<net.Socket, ClientConnection>();
  readonly #perAddress = new Map<string, number>();

  constructor(options: ConnectionsOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#open.size;
  }

  of(socket: net.Socket): ClientConnection | undefined {
    return this.#open.get(socket);
  }

  all(): Iterable<ClientConnection> {
    return this.#open.values();
  }

  sockets(): Iterable<net.Socket> {
    return this.#open.keys();
  }

  /** Undefined: there is no room, and the connection was closed. */
  add(socket: net.Socket, nowMs: number): ClientConnection | undefined {
    const connection = new ClientConnection(socket, nowMs);
    if (!this.#makeRoom(connection, nowMs)) {
      socket.destroy();
      return undefined;
    }
    this.#open.set(socket, connection);
    this.#count(connection, 1);
    socket.once("close", () => this.#delete(connection));
    return connection;
  }

  #makeRoom({ address }: ClientConnection, nowMs: number): boolean {
    const { max, maxPerAddress, lateMs = defaultLateMs } = this.#options;
    const ofAddress = (this.#perAddress.get(address) ?? 0) >= maxPerAddress;
    if (!ofAddress && this.#open.size < max) return true;
    const open = [...this.#open.values()];
    const candidates = ofAddress ? open.filter((one) => one.address === address) : open;
    const given = leastNeeded(candidates, nowMs - lateMs);
    if (given === undefined) return false;
    given.socket.destroy();
    // Its close event comes later.
    this.#delete(given);
    return true;
  }

  #delete(connection: ClientConnection): void {
    if (this.#open.delete(connection.socket)) this.#count(connection, -1);
  }

  #count({ address }: ClientConnection, change: number): void {
    const count = (this.#perAddress.get(address) ?? 0) + change;
    if (count > 0) this.#perAddress.set(address, count);
    else this.#perAddress.delete(address);
  }
}

/** A request that began before `lateAtMs` is late. Undefined: all are in use. */
function leastNeeded(connections: readonly ClientConnection[], lateAtMs: number): ClientConnection | undefined {
  const silent = connections.find(({ hasAsked }) => !hasAsked);
  if (silent !== undefined) return silent;
  const late = connections.filter(({ usedAtMs }) => usedAtMs <= lateAtMs);
  const idle = usedFirst(late.filter((connection) => !connection.hasNews() && !connection.isBusy));
  if (idle !== undefined) return idle;
  // At random: when one caller holds nearly all connections, the one that ends is nearly always one of those.
  if (late.length > 0) return late[Math.floor(Math.random() * late.length)];
  return usedFirst(connections.filter(({ isBusy }) => !isBusy));
}

function usedFirst(connections: readonly ClientConnection[]): ClientConnection | undefined {
  return connections.toSorted((a, b) => a.usedAtMs - b.usedAtMs)[0];
}
