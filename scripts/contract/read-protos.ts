import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import {
  createFileRegistry,
  type DescMessage,
  type DescService,
  type FileRegistry,
  fromBinary,
} from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { getComments } from "@bufbuild/protoplugin";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Our protos with their comments, which the generated code lacks. */
export async function readProtos(): Promise<FileRegistry> {
  const { stdout } = await promisify(execFile)(`${root}node_modules/.bin/buf`, ["build", "--output", "-"], {
    cwd: root,
    encoding: "buffer",
    maxBuffer: 16 * 1024 * 1024,
  });
  return createFileRegistry(fromBinary(FileDescriptorSetSchema, stdout));
}

export function serviceOf(protos: FileRegistry): DescService {
  const service = protos.getService("mcpmanager.v1.ManagerService");
  if (service === undefined) throw new Error("the protos have no ManagerService");
  return service;
}

/** A comment as paragraphs in one line each. */
export function commentOf(desc: Parameters<typeof getComments>[0]): string {
  const text = getComments(desc).leading ?? "";
  return text
    .split(/\n\s*\n/)
    .map((paragraph) => paragraph.trim().replaceAll(/\s*\n\s*/g, " "))
    .join("\n\n");
}

/** Messages of Google's, which have JSON of their own. */
export function isWellKnown({ typeName }: DescMessage): boolean {
  return typeName.startsWith("google.protobuf.");
}
