import { isUtf8 } from "node:buffer";
import type { ManagerError } from "../base/errors/errors.ts";
import { brokenReply, resultTooLarge } from "./connection-error.ts";
import type { ConnectionLimits } from "./connection-limits.ts";
import { LineSplitter } from "./line-splitter.ts";
import { type Message, mayBeMessage, parseLine, type RpcError } from "./message.ts";
import { oversizedReply } from "./oversized.ts";
import type { OversizedLine } from "./skipped-line.ts";

/** The reply to a request. `result` is the JSON text as the other side wrote it. */
export type Reply = { readonly result: string } | { readonly error: RpcError };

/** A request of the other side; `id`, for `respond`, and `params` are JSON text. */
export interface ServerRequest {
  readonly id: string;
  readonly method: string;
  readonly params: string;
}

export interface ConnectionListener {
  notification(method: string, params: string): void;
  request(request: ServerRequest): void;
  /** A line that is not JSON-RPC, or broken JSON-RPC. The bytes are only good until the call returns. */
  noise(line: Buffer, note?: { truncated: boolean }): void;
  /** A reply that nobody waits for, which was dropped: it came late, or twice, or to an id that was never given. */
  unclaimedReply(): void;
}

/** The requests that replies are for. */
export interface PendingRequests {
  /** Whether this one was written and has no reply yet. */
  awaits(id: number): boolean;
  /** False: nobody waits for it. */
  settle(id: number, reply: Reply): boolean;
  fail(id: number, error: ManagerError): void;
  /** The reply was somebody's, and can't be told whose. */
  failSomebody(error: ManagerError): void;
}

export interface InboundOptions {
  readonly limits: ConnectionLimits;
  readonly listener: ConnectionListener;
  readonly requests: PendingRequests;
}

/** What the other side writes: bytes become lines, lines become messages, and each goes to whom it is for. */
export class Inbound {
  readonly #options: InboundOptions;
  readonly #splitter: LineSplitter;
  #ended = false;

  constructor(options: InboundOptions) {
    this.#options = options;
    this.#splitter = new LineSplitter({
      maxLineBytes: options.limits.maxLineBytes,
      onLine: (line) => this.#receive(line),
      onOversized: (line) => this.#receiveOversized(line),
    });
  }

  /** Nothing of the chunk is kept. */
  push(chunk: Buffer): void {
    this.#splitter.push(chunk);
  }

  /** No more bytes come: an unfinished line counts as a line. */
  end(): void {
    this.#ended = true;
    this.#splitter.end();
  }

  #receive(line: Buffer): void {
    if (line.length === 0) return;
    if (!mayBeMessage(line)) {
      this.#options.listener.noise(line);
      return;
    }
    if (!isUtf8(line)) {
      this.#receiveInvalid(line);
      return;
    }
    let noisy = false;
    for (const message of parseLine(line.toString("utf8"))) {
      const isNoise = this.#isNoise(message);
      if (!isNoise || message.kind === "malformed") this.#dispatch(message);
      noisy ||= isNoise;
    }
    if (noisy) this.#options.listener.noise(line);
  }

  /** Noise, too, is what looks like a reply, does not say that it is JSON-RPC, and is to no call of ours. */
  #isNoise(message: Message): boolean {
    if (message.kind === "result" || message.kind === "error") {
      return message.bare === true && !this.#options.requests.awaits(message.id);
    }
    return message.kind === "noise" || message.kind === "malformed";
  }

  #dispatch(message: Message): void {
    const { listener } = this.#options;
    switch (message.kind) {
      case "result":
        this.#settle(message.id, { result: message.result });
        break;
      case "error":
        this.#settle(message.id, { error: message.error });
        break;
      case "notification":
        listener.notification(message.method, message.params);
        break;
      case "request":
        listener.request(message);
        break;
      case "malformed":
        if (message.id !== undefined) this.#failBroken(message.id, message.problem);
        break;
      case "stray":
        listener.unclaimedReply();
        break;
      case "noise":
        break;
      default:
        message satisfies never;
    }
  }

  #settle(id: number, reply: Reply): void {
    const { requests, listener } = this.#options;
    if (!requests.settle(id, reply)) listener.unclaimedReply();
  }

  /** A reply that the end of input cut off is not the server's mistake: its call is lost, and `end` says to what. */
  #failBroken(id: number, problem: string): void {
    if (!this.#ended) this.#options.requests.fail(id, brokenReply(problem));
  }

  /** Latin-1 maps each byte to one character, so that the ASCII parts, the id among them, can be read. */
  #receiveInvalid(line: Buffer): void {
    for (const message of parseLine(line.toString("latin1"))) {
      if ("id" in message && typeof message.id === "number") this.#failBroken(message.id, "it is not UTF-8");
    }
    this.#options.listener.noise(line);
  }

  #receiveOversized(line: OversizedLine): void {
    const { requests, listener, limits } = this.#options;
    const owner = oversizedReply(line);
    const error = resultTooLarge(line.bytes, limits.maxLineBytes);
    if (owner === "unknown") requests.failSomebody(error);
    else if (owner !== undefined) requests.fail(owner, error);
    listener.noise(line.head, { truncated: true });
  }
}
