import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { maxSecretBytes, SecretProblem, tooLong } from "./secret-problem.ts";

/** What a file holds, byte for byte. `what` is the file's name in problems: callers don't learn its path. */
export async function readSecretFile(path: string, { what }: { readonly what: string }): Promise<Buffer> {
  const detail = { file: path };
  try {
    // Without blocking: to open a named pipe that nobody writes to would never end.
    await using file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const found = await file.stat();
    if (found.isDirectory()) throw new SecretProblem(`${what} is a folder: name a file in it`, detail);
    if (!found.isFile()) throw new SecretProblem(`${what} is no regular file`, detail);
    return await readWhole(file, detail);
  } catch (error) {
    if (error instanceof SecretProblem) throw error;
    throw new SecretProblem(`${what} ${whyUnreadable(error as NodeJS.ErrnoException)}`, detail);
  }
}

/** By what is read and not by its size, which is 0 for files of the kernel. */
async function readWhole(file: FileHandle, detail: Readonly<Record<string, string>>): Promise<Buffer> {
  const bytes = Buffer.alloc(maxSecretBytes + 1);
  let length = 0;
  for (;;) {
    const { bytesRead } = await file.read(bytes, length, bytes.length - length);
    length += bytesRead;
    if (length > maxSecretBytes) throw new SecretProblem(tooLong(), detail);
    if (bytesRead === 0) return Buffer.from(bytes.subarray(0, length));
  }
}

function whyUnreadable({ code }: NodeJS.ErrnoException): string {
  switch (code) {
    case "ENOENT":
    case "ENOTDIR":
      return "does not exist: write the value into it";
    case "EACCES":
    case "EPERM":
      return "may not be read by the manager: give it to the manager's user";
    default:
      return `can't be read (${code ?? "for no known reason"})`;
  }
}
