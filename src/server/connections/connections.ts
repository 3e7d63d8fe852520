import type { ServerHttp2Stream } from "node:http2";
import type net from "node:net";
import { PipelinedResponses } from "./pipelined-responses.ts";
import { isWhole } from "./whole-stream.ts";

/** One connection and its requests. */
export class Connection {
  readonly socket: net.Socket;
  readonly address: string;
  /** When it last asked for something, or came. */
  usedAtMs: number;
  /** Whether it has asked for something yet. */
  hasAsked = false;
  /** What had come of it when it was last looked at. */
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
  /** What was asked so long ago protects a connection no more than nothing does. Default: 1 s. */
  readonly lateMs?: number;
}

const defaultLateMs = 1_000;

/**
 * The connections that are open, so many at most. One more takes the place of another: first of one that never asked
 * for anything; then of the one that nothing is done for, and asked the longest ago; then of any on which what is under
 * way began some time ago, such as a stream without an end; at last of one that nothing is done for now. Who holds
 * connections must not keep others out, nor take the place of who has one in use. When a call has just begun on each,
 * the new one is refused.
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
    if (!this.#makeRoom(connection, nowMs)) {
      socket.destroy();
      return undefined;
    }
    this.#open.set(socket, connection);
    this.#count(connection, 1);
    socket.once("close", () => this.#delete(connection));
    return connection;
  }

  #makeRoom({ address }: Connection, nowMs: number): boolean {
    const { max, maxPerAddress, lateMs = defaultLateMs } = this.#options;
    const ofAddress = (this.#perAddress.get(address) ?? 0) >= maxPerAddress;
    if (!ofAddress && this.#open.size < max) return true;
    const open = [...this.#open.values()];
    const candidates = ofAddress ? open.filter((one) => one.address === address) : open;
    const given = leastNeeded(candidates, nowMs - lateMs);
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

/** `lateAtMs`: what was asked before is late. Undefined: all are in use. */
function leastNeeded(connections: readonly Connection[], lateAtMs: number): Connection | undefined {
  const silent = connections.find(({ hasAsked }) => !hasAsked);
  if (silent !== undefined) return silent;
  const late = connections.filter(({ usedAtMs }) => usedAtMs <= lateAtMs);
  const idle = usedFirst(late.filter((connection) => !connection.hasNews() && !connection.isBusy));
  if (idle !== undefined) return idle;
  // By chance: where one caller holds nearly all, it is nearly always one of those.
  if (late.length > 0) return late[Math.floor(Math.random() * late.length)];
  return usedFirst(connections.filter(({ isBusy }) => !isBusy));
}

function usedFirst(connections: readonly Connection[]): Connection | undefined {
  return connections.toSorted((a, b) => a.usedAtMs - b.usedAtMs)[0];
}
