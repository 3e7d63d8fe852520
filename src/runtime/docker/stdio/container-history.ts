import http from "node:http";
import https from "node:https";
import type { HistoryLine, RuntimeCallOptions } from "../../runtime.ts";
import { assertContainerId } from "../engine/container-id.ts";
import type { Engine } from "../engine/engine.ts";
import { readRefusal } from "../engine/engine-error.ts";

/** What is kept of a line: the engine splits lines at 16 KiB, and one of the protocol may have megabytes. */
const maxLineBytes = 64 * 1024;
const headerLength = 8;
const stderrType = 2;
const lineFeed = 0x0a;

/**
 * The lines in the engine's log of a container, oldest first, both streams. Streamed: a request of our own, since
 * dockerode would hold the whole log in memory.
 */
export async function* readContainerHistory(
  id: string,
  options: RuntimeCallOptions & { readonly engine: Engine; readonly untilMs: number },
): AsyncGenerator<HistoryLine> {
  const { engine, signal, untilMs } = options;
  assertContainerId(id);
  const path = `/containers/${id}/logs?stdout=1&stderr=1&timestamps=1&until=${(untilMs / 1000).toFixed(3)}`;
  const body = await engine.call(
    `read the log of container ${id}`,
    (_docker, { abortSignal }) => get(engine, { path, signal: abortSignal }),
    {
      signal,
    },
  );
  const pending: { stdout?: Parts | undefined; stderr?: Parts | undefined } = {};
  for await (const { stream, time, part, ends } of frames(body)) {
    let line = pending[stream];
    if (line !== undefined && line.time !== time) {
      yield joined(stream, line);
      line = undefined;
    }
    line ??= { time, parts: [] };
    line.parts.push(part);
    pending[stream] = ends ? undefined : line;
    if (ends) yield joined(stream, line);
  }
  for (const stream of ["stdout", "stderr"] as const) {
    const line = pending[stream];
    if (line !== undefined) yield joined(stream, line);
  }
}

/** The parts of one line, which have the same time; the last may lack its line break, as the others do. */
interface Parts {
  readonly time: string;
  readonly parts: Buffer[];
}

function joined(stream: HistoryLine["stream"], { time, parts }: Parts): HistoryLine {
  const bytes = parts.reduce((sum, part) => sum + part.length, 0);
  const line = Buffer.concat(parts, Math.min(bytes, maxLineBytes));
  return { stream, timeMs: Date.parse(time), line, truncated: bytes > maxLineBytes };
}

async function get(
  engine: Engine,
  { path, signal }: { readonly path: string; readonly signal: AbortSignal | undefined },
): Promise<http.IncomingMessage> {
  const secure = engine.address.kind === "remote" && engine.address.tls;
  const { promise, resolve, reject } = Promise.withResolvers<http.IncomingMessage>();
  const request = (secure ? https : http).request({ ...engine.requestOptions, method: "GET", path, signal });
  request.on("error", reject);
  request.on("response", (response) => {
    if (response.statusCode === 200) resolve(response);
    else readRefusal(response).then(reject, reject);
  });
  request.end();
  return promise;
}

/** A frame of the log: a line, or a part of one. */
interface Frame {
  readonly stream: HistoryLine["stream"];
  /** RFC 3339 with nanoseconds. */
  readonly time: string;
  readonly part: Buffer;
  readonly ends: boolean;
}

async function* frames(body: AsyncIterable<Buffer>): AsyncGenerator<Frame> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of body) {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let at = 0;
    while (rest.length - at >= headerLength) {
      const end = at + headerLength + rest.readUInt32BE(at + 4);
      if (end > rest.length) break;
      yield frameOf(rest[at] === stderrType ? "stderr" : "stdout", rest.subarray(at + headerLength, end));
      at = end;
    }
    rest = rest.subarray(at);
  }
}

function frameOf(stream: HistoryLine["stream"], payload: Buffer): Frame {
  const space = payload.indexOf(0x20);
  const ends = payload.at(-1) === lineFeed;
  const part = payload.subarray(space + 1, ends ? payload.length - 1 : payload.length);
  return { stream, time: payload.toString("latin1", 0, space), part, ends };
}
