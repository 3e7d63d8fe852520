import http from "node:http";
import http2 from "node:http2";
import net from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { type ClientConnection, Connections, type ConnectionsOptions } from "./connections/connections.ts";
import { keepSession } from "./connections/keep-session.ts";
import { OpenStreams, type OpenStreamsLimits } from "./connections/open-streams.ts";
import { RequestTurns } from "./connections/request-turns.ts";
import { type StreamListener, serveStreams, takeStreamListener } from "./connections/serve-streams.ts";
import type { NodeHandler, StreamHandler } from "./handlers/node-handler.ts";
import { discardRest } from "./requests/discard-rest.ts";
import { GuardedHttp2Response, GuardedResponse } from "./responses/guarded-response.ts";
import { type MalformedRequest, respondToMalformed } from "./responses/malformed-response.ts";
import { isGone } from "./responses/write-whole.ts";

/** How every HTTP/2 connection without TLS begins (RFC 9113, 3.4). */
const http2Preface = Buffer.from("PRI * HTTP/2.0\r\n");
const defaultFirstBytesMs = 10_000;
const defaultPingMs = 60_000;
const idlePings = 10;
/**
 * MB that may wait in a connection for its client to read them. Beyond that, new calls on it are refused by a bare
 * ENHANCE_YOUR_CALM. Node's default, 10, is reached by a hundred large results.
 */
const maxSessionMemory = 1000;
/** Calls at once on one connection. Node ends a connection that has more. */
const maxConcurrentStreams = 1000;
const elapsedMs = () => performance.now();

export interface ListenOptions {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly handler: NodeHandler;
  /** Asked for each stream of HTTP/2 before the handler. */
  readonly streams?: StreamHandler | undefined;
  /** The JSON of the response to a malformed request. Default: Node's own response, which has no body. */
  readonly malformed?: (malformed: MalformedRequest) => string;
  /** A connection that sends nothing for so long is closed. Default: 10 s. */
  readonly firstBytesMs?: number;
  /**
   * Pause between the pings of an HTTP/2 connection. It is closed when it leaves one unanswered, and after ten without
   * a request. Default: 60 s.
   */
  readonly pingMs?: number;
  /** Default: as many as there can be. */
  readonly connections?: ConnectionsOptions;
  /** Of streams of HTTP/2. */
  readonly openStreams?: Partial<OpenStreamsLimits>;
}

/** One cleartext port for HTTP/1.1 and HTTP/2: the first bytes of a connection tell which. */
export class Listener {
  readonly #net: net.Server;
  readonly #http1: http.Server;
  readonly #http2: http2.Http2Server;
  readonly #sessions = new Set<http2.ServerHttp2Session>();
  readonly #connections: Connections;
  readonly #turns = new RequestTurns(
    () => this.#connections.sockets(),
    (socket) => this.#connections.of(socket)?.pipelined.hasRoom ?? true,
  );
  readonly #open: OpenStreams;
  readonly #streams: StreamHandler | undefined;
  readonly #ownStreams: StreamListener;
  /** Connections that have not shown their protocol yet. */
  readonly #undecided = new Set<net.Socket>();
  readonly #firstBytesMs: number;
  readonly #pingMs: number;

  private constructor({ handler, streams, malformed, firstBytesMs, pingMs, ...limits }: ListenOptions) {
    const connections = () => this.#connections.all();
    this.#open = new OpenStreams({ elapsedMs, connections, limits: limits.openStreams });
    this.#connections = new Connections(limits.connections ?? { maxPerAddress: Infinity, max: Infinity });
    this.#streams = streams;
    this.#firstBytesMs = firstBytesMs ?? defaultFirstBytesMs;
    this.#pingMs = pingMs ?? defaultPingMs;
    // The handler decides about a request without Host, or with an unknown Expect.
    const inTurn: http.RequestListener = (request, response) => {
      const { socket } = request;
      const connection = this.#used(socket);
      this.#turns.take(socket, () => {
        if (isGone(response)) return false;
        connection?.pipelined.begin(response, () => this.#turns.look(socket));
        handler(request, response);
        return true;
      });
    };
    this.#http1 = http.createServer(
      { keepAliveTimeout: 75_000, requireHostHeader: false, ServerResponse: GuardedResponse },
      inTurn,
    );
    this.#http1.on("checkExpectation", inTurn);
    if (malformed !== undefined) respondToMalformed(this.#http1, malformed);
    // Not listening itself, it would never enforce headersTimeout and requestTimeout.
    this.#http1.emit("listening");
    this.#http2 = http2.createServer(
      { maxSessionMemory, settings: { maxConcurrentStreams }, Http2ServerResponse: GuardedHttp2Response },
      handler,
    );
    this.#ownStreams = takeStreamListener(this.#http2);
    // Node would answer both itself, by a bare status.
    this.#http2.on("checkExpectation", handler);
    this.#http2.on("connect", handler);
    for (const server of [this.#http1, this.#http2]) server.prependListener("request", discardRest);
    this.#http2.on("session", (session) => {
      this.#sessions.add(session);
      session.on("close", () => this.#sessions.delete(session));
      session.on("error", () => session.destroy());
    });
    // As Node's own server does: a client that ends its side still gets the responses that are ready by then. A call
    // under way is cancelled, since over HTTP/1.1 nothing else tells that its caller has left.
    this.#net = net.createServer({ allowHalfOpen: true }, (socket) => this.#accept(socket));
  }

  /** Throws the system's error, e.g. EADDRINUSE. */
  static async open(options: ListenOptions): Promise<Listener> {
    const { host, port } = options;
    const listener = new Listener(options);
    const listening = Promise.withResolvers<void>();
    listener.#net.once("error", listening.reject);
    listener.#net.listen(port, host, () => listening.resolve());
    await listening.promise;
    return listener;
  }

  get port(): number {
    return (this.#net.address() as net.AddressInfo).port;
  }

  /**
   * Accepts no new connections or streams (GOAWAY), waits up to `graceMs` for requests under way, then destroys what is
   * left.
   */
  async close({ graceMs }: { graceMs: number }): Promise<void> {
    this.#net.close();
    this.#http1.closeIdleConnections();
    for (const socket of this.#undecided) socket.destroy();
    for (const session of this.#sessions) session.close();
    const deadline = performance.now() + graceMs;
    while (this.#connections.size > 0 && performance.now() < deadline) {
      this.#http1.closeIdleConnections();
      await delay(10);
    }
    for (const socket of this.#connections.sockets()) socket.destroy();
    this.#http1.close();
  }

  #used(socket: net.Socket): ClientConnection | undefined {
    const connection = this.#connections.of(socket);
    if (connection !== undefined) {
      connection.usedAtMs = elapsedMs();
      connection.hasAsked = true;
    }
    return connection;
  }

  #accept(socket: net.Socket): void {
    const connection = this.#connections.add(socket, elapsedMs());
    if (connection === undefined) return;
    this.#undecided.add(socket);
    socket.on("close", () => this.#undecided.delete(socket));
    const destroy = () => socket.destroy();
    socket.on("error", destroy);
    socket.on("end", destroy);
    socket.setNoDelay(true);
    socket.setTimeout(this.#firstBytesMs, destroy);
    let seen: Buffer = Buffer.alloc(0);
    const onReadable = () => {
      const chunk: Buffer | null = socket.read();
      if (chunk === null) return;
      seen = seen.length === 0 ? chunk : Buffer.concat([seen, chunk]);
      const length = Math.min(seen.length, http2Preface.length);
      const isHttp2 = seen.subarray(0, length).equals(http2Preface.subarray(0, length));
      if (isHttp2 && length < http2Preface.length) return;
      socket.off("readable", onReadable);
      socket.off("end", destroy);
      this.#undecided.delete(socket);
      socket.setTimeout(0);
      socket.off("timeout", destroy);
      socket.unshift(seen);
      if (isHttp2) this.#speakHttp2(connection);
      else this.#speakHttp1(socket);
    };
    socket.on("readable", onReadable);
  }

  #speakHttp1(socket: net.Socket): void {
    socket.on("drain", () => this.#turns.look(socket));
    this.#http1.emit("connection", socket);
  }

  /** HTTP/2 ends its streams itself: a connection whose other side has ended is over. */
  #speakHttp2(connection: ClientConnection): void {
    const { socket } = connection;
    socket.allowHalfOpen = false;
    this.#http2.once("session", (session) => {
      keepSession(session, socket, { firstBytesMs: this.#firstBytesMs, pingMs: this.#pingMs, idlePings, connection });
      serveStreams(session, {
        connection,
        open: this.#open,
        turns: this.#turns,
        elapsedMs,
        streams: this.#streams,
        own: this.#ownStreams,
      });
    });
    this.#http2.emit("connection", socket);
  }
}
