import { flag, frame, frameType, headBytes, preface, uint32 } from "./frames.ts";
import { RawSocket } from "./raw-socket.ts";

const initialWindowSetting = 4;
const maxWindow = 2 ** 31 - 1;

/** A connection of HTTP/2 that sends what it is given, and counts what comes back. */
export class RawH2 {
  readonly socket: RawSocket;
  /** Streams that were answered to their end. */
  answered = 0;
  /** Streams that were reset. */
  reset = 0;
  /** Acknowledged PING and SETTINGS. */
  acknowledged = 0;
  /** The code of GOAWAY, if one came. */
  goAway: number | undefined;
  #rest: Buffer = Buffer.alloc(0);

  private constructor(socket: RawSocket) {
    this.socket = socket;
  }

  /** Without a window it takes as much as comes. */
  static async open(
    port: number,
    { signal, window = maxWindow }: { signal: AbortSignal; window?: number },
  ): Promise<RawH2> {
    let connection: RawH2 | undefined;
    const socket = await RawSocket.open(port, { signal, onBytes: (chunk) => connection?.read(chunk) });
    connection = new RawH2(socket);
    const setting = Buffer.concat([Buffer.of(0, initialWindowSetting), uint32(window)]);
    const settings = frame({ type: frameType.settings, payload: setting });
    const update = frame({ type: frameType.windowUpdate, payload: uint32(maxWindow - 65_535) });
    await socket.write(Buffer.concat([preface, settings, ...(window > 0 ? [update] : [])]));
    return connection;
  }

  read(chunk: Buffer): void {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let at = 0;
    while (bytes.length - at >= headBytes) {
      const end = at + headBytes + bytes.readUIntBE(at, 3);
      if (end > bytes.length) break;
      this.#count(bytes.subarray(at, end));
      at = end;
    }
    this.#rest = bytes.subarray(at);
  }

  #count(bytes: Buffer): void {
    const [type, flags = 0] = bytes.subarray(3, 5);
    if (type === frameType.headers || type === frameType.data) {
      if ((flags & flag.endStream) !== 0) this.answered += 1;
    } else if (type === frameType.rstStream) this.reset += 1;
    else if (type === frameType.goAway) this.goAway = bytes.readUInt32BE(headBytes + 4);
    else if ((flags & flag.ack) !== 0) this.acknowledged += 1;
    else if (type === frameType.settings) {
      void this.socket.write(frame({ type: frameType.settings, flags: flag.ack }));
    }
  }
}
