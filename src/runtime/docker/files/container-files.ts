import type { IncomingMessage } from "node:http";
import type { Readable } from "node:stream";
import type Docker from "dockerode";
import type { RuntimeCallOptions } from "../../runtime.ts";
import { containerOf } from "../engine/container-id.ts";
import type { Engine } from "../engine/engine.ts";
import { statusOf } from "../engine/engine-error.ts";
import { type Folder, firstFile, folderArchive, folderBytes, folderOf } from "./tar.ts";

type Options = RuntimeCallOptions & { readonly engine: Engine };

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

/** Undefined when it is none, or none that the engine shows. */
export async function folderAt(id: string, path: string, options: Options): Promise<Folder | undefined> {
  const read = async (docker: Docker, abort: object) => {
    try {
      const archive = (await containerOf(docker, id).getArchive({ path, ...abort })) as Readable;
      return await firstBytes(archive, folderBytes);
    } catch (error) {
      if (statusOf(error) !== undefined) return undefined;
      throw error;
    }
  };
  const start = await options.engine.call(`look at ${path} of container ${id}`, read, options);
  return start === undefined ? undefined : folderOf(start);
}

/** Gives a folder that a container has to `uid:gid`. The container was never started. */
export async function giveFolder(
  id: string,
  folder: { readonly parent: string; readonly name: string; readonly owner: string; readonly mode: number },
  options: Options,
): Promise<void> {
  const { parent: path, ...entry } = folder;
  const put = async (docker: Docker, abort: object) =>
    containerOf(docker, id).putArchive(folderArchive(entry), { path, ...abort });
  await options.engine.call(`change the owner of ${path}/${folder.name} in container ${id}`, put, options);
}

async function firstBytes(stream: Readable, max: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    bytes += chunk.length;
    // Leaving the loop ends the stream.
    if (bytes >= max) break;
  }
  return Buffer.concat(chunks).subarray(0, max);
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
