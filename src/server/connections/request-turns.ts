import type net from "node:net";
import { readOn, stopReading } from "./reading.ts";

/** Begins a request. False: its caller has left, and it cost nothing. */
export type Begin = () => boolean;

/** Requests that are begun in one turn of the event loop. */
const maxPerTurn = 100;
/** After so many came in one turn, no connection is read any more in it. */
const maxReadPerTurn = 500;
/** When more requests than this wait on a connection, it is read again only in its turn among such connections. */
const manyWaiting = 200;
/** Requests that wait for their callers to read, over all connections: one takes about 4 KB. */
const maxHeld = 10_000;

/** The requests of one connection that wait for a later turn, first come first. */
interface Lane {
  readonly socket: net.Socket;
  readonly waiting: (Begin | undefined)[];
  next: number;
}

/**
 * Begins requests, a limited number in one turn of the event loop. The others wait for later turns, which the waiting
 * connections take one after the other; until its requests have begun, a connection is not read. So many requests at
 * once, on one connection or on many, hold up the callers on other connections for no longer than a turn.
 */
export class RequestTurns {
  readonly #sockets: () => Iterable<net.Socket>;
  readonly #hasRoom: (socket: net.Socket) => boolean;
  #begun = 0;
  #read = 0;
  #isScheduled = false;
  /** The lane whose turn is next comes first. */
  readonly #lanes = new Map<net.Socket, Lane>();
  /**
   * Connections that sent many requests at once, which have all begun: one of these connections is read again in each
   * turn.
   */
  readonly #heavy = new Set<net.Socket>();
  /** Lanes whose connection has no room. The one that has waited longest comes first. */
  readonly #held = new Map<net.Socket, Lane>();
  #heldCount = 0;

  /** `sockets`: all open sockets. `hasRoom`: whether one more request of a connection may begin. */
  constructor(sockets: () => Iterable<net.Socket>, hasRoom: (socket: net.Socket) => boolean = () => true) {
    this.#sockets = sockets;
    this.#hasRoom = hasRoom;
  }

  /** Now, or in a later turn, in the order in which they came on the connection. */
  take(socket: net.Socket, begin: Begin): void {
    // The turn ends when all sockets that were ready have been read.
    if (this.#read === 0) this.#schedule();
    this.#read += 1;
    if (this.#begun < maxPerTurn && !this.#waits(socket) && this.#hasRoom(socket)) {
      if (begin()) this.#begun += 1;
    } else {
      this.#defer(socket, begin);
      // Node reads on by itself when something of the responses is taken.
      stopReading(socket);
    }
    // Every ready socket is read within one turn of the loop, and hands on 64 KiB before it can be stopped.
    if (this.#read === maxReadPerTurn) for (const each of this.#sockets()) stopReading(each);
  }

  #waits(socket: net.Socket): boolean {
    return this.#lanes.size + this.#held.size > 0 && (this.#lanes.has(socket) || this.#held.has(socket));
  }

  #defer(socket: net.Socket, begin: Begin): void {
    const lane = this.#lanes.get(socket);
    const held = this.#held.get(socket);
    if (lane !== undefined) {
      lane.waiting.push(begin);
    } else if (held !== undefined) {
      held.waiting.push(begin);
      this.#countHeld(1);
    } else if (this.#hasRoom(socket)) {
      this.#lanes.set(socket, { socket, waiting: [begin], next: 0 });
    } else {
      this.#hold({ socket, waiting: [begin], next: 0 });
    }
  }

  /** A connection may have room again. */
  look(socket: net.Socket): void {
    const lane = this.#held.get(socket);
    if (lane === undefined || !this.#hasRoom(socket)) return;
    this.#release(lane);
    this.#lanes.set(socket, lane);
    this.#schedule();
  }

  #hold(lane: Lane): void {
    this.#held.set(lane.socket, lane);
    this.#countHeld(lane.waiting.length - lane.next);
  }

  #release(lane: Lane): void {
    this.#held.delete(lane.socket);
    this.#heldCount -= lane.waiting.length - lane.next;
  }

  #countHeld(more: number): void {
    this.#heldCount += more;
    for (const lane of this.#held.values()) {
      if (this.#heldCount <= maxHeld) break;
      this.#release(lane);
      lane.socket.destroy();
    }
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => this.#turn());
  }

  #turn(): void {
    this.#isScheduled = false;
    this.#begun = 0;
    const wereStopped = this.#read >= maxReadPerTurn;
    this.#read = 0;
    const [heavy] = this.#heavy;
    if (heavy !== undefined) {
      this.#heavy.delete(heavy);
      readOn(heavy);
    }
    for (const lane of this.#lanes.values()) {
      if (this.#begun === maxPerTurn) break;
      this.#beginOne(lane);
    }
    if (wereStopped) this.#readOnAll();
    if (this.#lanes.size + this.#heavy.size > 0) this.#schedule();
  }

  #readOnAll(): void {
    for (const socket of this.#sockets()) {
      if (!this.#lanes.has(socket) && !this.#heavy.has(socket) && !this.#held.has(socket)) readOn(socket);
    }
  }

  /** A lane that still waits goes to the end, where the loop over the lanes comes to it again. */
  #beginOne(lane: Lane): void {
    this.#lanes.delete(lane.socket);
    if (!this.#hasRoom(lane.socket)) {
      this.#hold(lane);
      return;
    }
    while (lane.next < lane.waiting.length) {
      const begin = lane.waiting[lane.next];
      lane.waiting[lane.next] = undefined;
      lane.next += 1;
      if (!begin?.()) continue;
      this.#begun += 1;
      break;
    }
    if (lane.next < lane.waiting.length) this.#lanes.set(lane.socket, lane);
    else if (lane.waiting.length > manyWaiting) this.#heavy.add(lane.socket);
    else readOn(lane.socket);
  }
}
