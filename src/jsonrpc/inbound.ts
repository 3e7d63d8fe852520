import { isUtf8 } from "node:buffer";
import type { ManagerError } from "../base/errors/errors.ts";
import { brokenReply, resultTooLarge } from "./connection-error.ts";
import type { ConnectionLimits } from "./connection-limits.ts";
import { LineSplitter, trimmedLine } from "./line-splitter.ts";
import { type Message, mayBeMessage, type Outcome, parseLine } from "./message.ts";
import { oversizedReply } from "./oversized.ts";
import type { OversizedLine } from "./skipped-line.ts";
import { messagesWithin } from "./spoilt-line.ts";
import { SpreadLines } from "./spread-lines.ts";
import { UnfinishedLine } from "./unfinished-line.ts";

const lineFeed = 0x0a;

/** The reply to a request. `result` is the JSON text as the other side wrote it. */
export type Reply = Outcome;

/** A request of the other side; `id`, for `respond`, and `params` are JSON text. */
export interface ServerRequest {
  readonly id: string;
  readonly method: string;
  readonly params: string;
}

export interface ConnectionListener {
  notification(method: string, params: string): void;
  request(request: ServerRequest): void;
  /**
   * A line that is not JSON-RPC, broken JSON-RPC, or a reply to an unknown request. The bytes are only good until the
   * call returns.
   */
  noise(line: Buffer, note?: { truncated: boolean }): void;
  /** A reply that nobody waits for, which was dropped: it came late, or twice, or to a number that was never given. */
  unclaimedReply(): void;
}

/** The requests that replies are for. */
export interface PendingRequests {
  /** Whether any has no reply yet. */
  anyAwaited(): boolean;
  /**
   * The only request that an error of this code, without a usable id, can be for; undefined when it may be for another,
   * or for something else.
   */
  onlyOne(code: number): number | undefined;
  /** Whether a request ever had this id. */
  isOurs(id: number): boolean;
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
  /** As `UnfinishedLineOptions`. */
  readonly quietMs?: number;
}

/** What the other side writes: bytes become lines, lines become messages, and each goes to whom it is for. */
export class Inbound {
  readonly #options: InboundOptions;
  readonly #splitter: LineSplitter;
  readonly #spread: SpreadLines;
  readonly #unfinished: UnfinishedLine;
  #ended = false;

  constructor(options: InboundOptions) {
    this.#options = options;
    this.#splitter = new LineSplitter({
      maxLineBytes: options.limits.maxLineBytes,
      onLine: (line) => this.#receive(line),
      onOversized: (line) => this.#receiveOversized(line),
    });
    const { quietMs } = options;
    const take = (line: Buffer) => this.#takeUnfinished(line);
    this.#unfinished = new UnfinishedLine({ splitter: this.#splitter, quietMs, take });
    this.#spread = new SpreadLines({
      maxBytes: options.limits.maxLineBytes,
      awaits: (id) => options.requests.awaits(id),
      take: (messages) => this.#take(messages),
      receiveInvalid: (text) => this.#receiveInvalid(text),
      fail: (id, error) => options.requests.fail(id, error),
      noise: (line, note) => options.listener.noise(line, note),
    });
  }

  /** Nothing of the chunk is kept. */
  push(chunk: Buffer): void {
    this.#splitter.push(chunk);
    if (chunk.at(-1) !== lineFeed) this.#unfinished.grew();
  }

  /** No more bytes come: an unfinished line counts as a line. */
  end(): void {
    this.#ended = true;
    this.#unfinished.stop();
    this.#splitter.end();
    this.#spread.end();
  }

  /** Nobody waits for a reply any more: what looked like the beginning of one is none. */
  settled(): void {
    this.#spread.end();
  }

  /** What there is of a line that is not finished; only good until the next `push`. */
  get unfinished(): Buffer {
    return this.#splitter.unfinished;
  }

  #receive(line: Buffer): void {
    if (line.length === 0) return;
    if (this.#spread.isOpen && this.#spread.goesOn(line)) return;
    if (!mayBeMessage(line)) {
      this.#receiveSpoilt(line);
      return;
    }
    if (!isUtf8(line)) {
      this.#receiveInvalid(line);
      return;
    }
    const messages = parseLine(line.toString("utf8"));
    const [first] = messages;
    if (messages.length === 1 && (first?.kind === "noise" || first?.kind === "malformed")) {
      this.#receiveSpoilt(line, first);
    } else if (this.#take(messages)) {
      this.#options.listener.noise(line);
    }
  }

  /** Messages, and nothing else, of which a call waits for one. */
  #takeUnfinished(line: Buffer): boolean {
    const { messages, text } = messagesWithin(trimmedLine(line));
    const isReply = (message: Message) =>
      (message.kind === "result" || message.kind === "error") && this.#options.requests.awaits(message.id);
    const broken = messages.some(({ kind }) => kind === "malformed" || kind === "noise");
    if (this.#spread.isOpen || text || broken || !messages.some(isReply)) return false;
    this.#take(messages);
    return true;
  }

  /** Returns whether some of them were noise. */
  #take(messages: readonly Message[]): boolean {
    let noisy = false;
    for (const message of messages) {
      const isNoise = this.#isNoise(message);
      if (!isNoise || this.#isNoted(message)) this.#dispatch(message);
      noisy ||= isNoise;
    }
    return noisy;
  }

  /** Noise that is more than a line to show: a broken reply, and one that says that it is one, to an unknown request. */
  #isNoted(message: Message): boolean {
    const isReply = message.kind === "result" || message.kind === "error";
    return message.kind === "malformed" || (isReply && message.bare !== true);
  }

  /** A line that is no message as a whole; `message` is what it is instead. */
  #receiveSpoilt(line: Buffer, message: Message = { kind: "noise" }): void {
    const { requests, listener } = this.#options;
    if (requests.anyAwaited()) {
      if (this.#spread.begins(line)) return;
      const found = line.includes('"id"') ? messagesWithin(line) : undefined;
      if (found !== undefined && found.messages.length > 0) {
        if (this.#take(found.messages) || found.text) listener.noise(line);
        return;
      }
    }
    if (message.kind === "malformed") this.#dispatch(message);
    listener.noise(line);
  }

  /**
   * Noise, too, is what looks like a reply, does not say that it is JSON-RPC, and is to no call of ours; and a reply to
   * an unknown request.
   */
  #isNoise(message: Message): boolean {
    const { requests } = this.#options;
    switch (message.kind) {
      case "result":
      case "error":
        return message.bare === true ? !requests.awaits(message.id) : !requests.isOurs(message.id);
      case "unowned":
        return this.#ownerOf(message.outcome) === undefined;
      case "noise":
      case "malformed":
        return true;
      default:
        return false;
    }
  }

  /** An error may come without an id: the request could not be read (JSON-RPC 2.0, 5). A result without one is noise. */
  #ownerOf(outcome: Outcome): number | undefined {
    return "error" in outcome ? this.#options.requests.onlyOne(outcome.error.code) : undefined;
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
      case "unowned": {
        const id = this.#ownerOf(message.outcome);
        if (id !== undefined) this.#settle(id, message.outcome);
        break;
      }
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
