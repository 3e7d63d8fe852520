import http from "node:http";
import https from "node:https";
import type { Socket } from "node:net";
import type Docker from "dockerode";
import { readPaced } from "../../../base/async/paced-read.ts";
import type { Attachment, AttachmentSink } from "../../runtime.ts";
import { assertContainerId, containerOf } from "../engine/container-id.ts";
import { type Engine, keepAliveMs } from "../engine/engine.ts";
import { engineRefusal, readRefusal, statusOf } from "../engine/engine-error.ts";
import { Demuxer } from "./demux.ts";

/**
 * Opens a container's stdio over the engine's hijacked connection. A request of our own, not dockerode's: that one
 * sends its options as a body ahead of what becomes stdin, and never ends a request that was refused.
 */
export async function openAttachment(
  id: string,
  sink: AttachmentSink,
  options: { readonly engine: Engine; readonly signal?: AbortSignal | undefined },
): Promise<Attachment> {
  const { engine, signal } = options;
  assertContainerId(id);
  const path = `/containers/${id}/attach?stream=1&stdin=1&stdout=1&stderr=1`;
  const opened = await engine.call(
    `attach to container ${id}`,
    // By the call's own signal, which its limit aborts, too: a response after that would open a stream that nobody
    // reads, and such a one holds up the container.
    (docker, { abortSignal }) =>
      upgrade(engine, { path, signal: abortSignal }).catch((error) => throwRefusal(error, containerOf(docker, id))),
    { signal },
  );
  return new DockerAttachment(opened, sink);
}

/** A conflict has many causes, which the engine's words tell; only of one that is paused is it known what to do. */
async function throwRefusal(error: unknown, container: Docker.Container): Promise<never> {
  if (statusOf(error) !== 409) throw error;
  const info = await container.inspect().catch(() => undefined);
  if (!info?.State.Paused) throw error;
  throw engineRefusal("not_running", "the container is paused: unpause it (`docker unpause`)", {
    reason: "CONTAINER_PAUSED",
    cause: error,
  });
}

interface Upgraded {
  readonly socket: Socket;
  /** First bytes of the stream that came with the response. */
  readonly head: Buffer;
}

async function upgrade(
  engine: Engine,
  request: { readonly path: string; readonly signal?: AbortSignal | undefined },
): Promise<Upgraded> {
  const { promise, resolve, reject } = Promise.withResolvers<Upgraded>();
  const secure = engine.address.kind === "remote" && engine.address.tls;
  const outgoing = (secure ? https : http).request({
    ...engine.requestOptions,
    method: "POST",
    path: request.path,
    headers: { Connection: "Upgrade", Upgrade: "tcp", "Content-Length": 0 },
  });
  const onAbort = () => outgoing.destroy();
  request.signal?.addEventListener("abort", onAbort, { once: true });
  outgoing.on("error", reject);
  outgoing.on("upgrade", (_response, socket: Socket, head) => {
    // Until the attachment has its own listener: an error without one would end the manager.
    socket.on("error", () => {});
    // Aborted in between: nobody waits for this socket, and it would stay open.
    if (request.signal?.aborted) socket.destroy();
    resolve({ socket, head });
  });
  outgoing.on("response", (response) => readRefusal(response).then(reject, reject));
  outgoing.end();
  try {
    return await promise;
  } finally {
    request.signal?.removeEventListener("abort", onAbort);
  }
}

class DockerAttachment implements Attachment {
  readonly #socket: Socket;
  #ended = false;

  constructor(opened: Upgraded, sink: AttachmentSink) {
    const { socket, head } = opened;
    this.#socket = socket;
    const demuxer = new Demuxer(sink);
    let failure: Error | undefined;
    const push = (chunk: Buffer) => {
      try {
        demuxer.push(chunk);
      } catch (error) {
        socket.destroy(error as Error);
      }
    };
    socket.setTimeout(0);
    socket.setKeepAlive(true, keepAliveMs);
    if (head.length > 0) socket.unshift(head);
    readPaced(socket, push);
    socket.on("drain", () => sink.drain());
    socket.on("error", (error) => {
      failure = error;
    });
    // The engine ends the stream when the container exits. Ours is never ended: a half-close would end our own output.
    socket.on("end", () => socket.destroy());
    socket.on("close", () => {
      this.#ended = true;
      sink.end(failure);
    });
  }

  write(chunk: Uint8Array): boolean {
    // Dropped, and nothing to wait for: `end` has been called or follows.
    if (this.#ended || this.#socket.destroyed) return true;
    return this.#socket.write(chunk);
  }

  close(): void {
    this.#socket.destroy();
  }
}
