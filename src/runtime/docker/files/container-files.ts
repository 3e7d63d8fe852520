import type { IncomingMessage } from "node:http";
import type { Readable } from "node:stream";
import type Docker from "dockerode";
import type { RuntimeCallOptions } from "../../runtime.ts";
import { containerOf } from "../engine/container-id.ts";
import type { Engine } from "../engine/engine.ts";
import { statusOf } from "../engine/engine-error.ts";

type Options = RuntimeCallOptions & { readonly engine: Engine };

const blockBytes = 512;
/** Of an archive with one text file: /etc/passwd of a machine with ten thousand users. */
const maxArchiveBytes = 1024 * 1024;

/**
 * What is at a path: nothing (or nothing that the engine shows), a link with the path it leads to, or something else.
 */
export type Entry = { readonly kind: "absent" | "present" } | { readonly kind: "link"; readonly to: string };

/** Looks at a path of a container that was not started. */
export async function entryAt(id: string, path: string, options: Options): Promise<Entry> {
  const look = async (docker: Docker, abort: object): Promise<Entry> => {
    try {
      const response = (await containerOf(docker, id).infoArchive({ path, ...abort })) as IncomingMessage;
      response.resume();
      const stat = response.headers["x-docker-container-path-stat"];
      if (typeof stat !== "string") return { kind: "present" };
      const { linkTarget = "" } = JSON.parse(Buffer.from(stat, "base64").toString()) as { linkTarget?: string };
      return linkTarget === "" ? { kind: "present" } : { kind: "link", to: linkTarget };
    } catch (error) {
      if (statusOf(error) === undefined) throw error;
      return { kind: "absent" };
    }
  };
  return options.engine.call(`look at ${path} in container ${id}`, look, options);
}

/**
 * The text of a regular file in a container, started or not; undefined when there is none, or it is too large. Where a
 * link of that name leads is not looked at.
 */
export async function readFile(id: string, path: string, options: Options): Promise<string | undefined> {
  const read = async (docker: Docker, abort: object) => {
    try {
      const archive = (await containerOf(docker, id).getArchive({ path, ...abort })) as Readable;
      return await leading(archive, maxArchiveBytes);
    } catch (error) {
      // Also a link that leads around in a circle, for which the engine says that it failed.
      if (statusOf(error) !== undefined) return undefined;
      throw error;
    }
  };
  const archive = await options.engine.call(`read ${path} of container ${id}`, read, options);
  return archive === undefined ? undefined : firstFile(archive);
}

/** Undefined when there is more. */
async function leading(stream: Readable, maxBytes: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    // Leaving the loop ends the stream.
    if (bytes > maxBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** The first entry of a tar archive, past what extends its header, when it is a regular file. */
function firstFile(archive: Buffer): string | undefined {
  for (let at = 0; at + blockBytes <= archive.length; ) {
    const header = archive.subarray(at, at + blockBytes);
    const size = Number.parseInt(
      header
        .toString("latin1", 124, 136)
        .replace(/[^0-7]/g, " ")
        .trim(),
      8,
    );
    const kind = String.fromCharCode(header[156] ?? 0);
    const from = at + blockBytes;
    if (!(size >= 0) || from + size > archive.length) return undefined;
    if (kind === "0" || kind === "\0") return archive.toString("utf8", from, from + size);
    if (!"xgLK".includes(kind)) return undefined;
    at = from + Math.ceil(size / blockBytes) * blockBytes;
  }
  return undefined;
}
