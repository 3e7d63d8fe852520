import type http2 from "node:http2";
import type net from "node:net";

export interface KeepOptions {
  /** The client must have sent its SETTINGS by then. */
  readonly firstBytesMs: number;
  /** Pause between pings; a ping must be answered before the next. */
  readonly pingMs: number;
  /** So many pings without a stream in between, and the session is idle. */
  readonly idlePings: number;
}

/** Closes an HTTP/2 connection that never begins, whose other end is gone, or that nobody uses. */
export function keepSession(session: http2.ServerHttp2Session, socket: net.Socket, options: KeepOptions): void {
  const destroy = () => socket.destroy();
  const begins = setTimeout(destroy, options.firstBytesMs);
  session.once("remoteSettings", () => clearTimeout(begins));
  let streams = 0;
  let idlePings = 0;
  const onClose = () => {
    streams -= 1;
  };
  session.on("stream", (stream) => {
    streams += 1;
    idlePings = 0;
    stream.on("close", onClose);
  });
  let answered = true;
  const pings = setInterval(() => {
    if (!answered || session.closed || session.destroyed) {
      // Also one that was told to go, and stays.
      if (!answered || streams === 0) destroy();
      return;
    }
    if (streams === 0 && idlePings >= options.idlePings) {
      session.close();
      return;
    }
    idlePings += 1;
    answered = false;
    session.ping(() => {
      answered = true;
    });
  }, options.pingMs);
  socket.once("close", () => {
    clearTimeout(begins);
    clearInterval(pings);
  });
}
