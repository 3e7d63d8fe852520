const blockBytes = 512;
/** In the header of an entry. */
const folderType = "5".charCodeAt(0);

/** What a tar archive says of the folder that it begins with. */
export interface Folder {
  readonly uid: number;
  readonly mode: number;
  readonly isEmpty: boolean;
}

/** How much of an archive tells about the folder. */
export const folderBytes = 2 * blockBytes;

/** Undefined when it begins with something else. */
export function folderOf(archive: Buffer): Folder | undefined {
  if (archive.length < folderBytes || archive[156] !== folderType) return undefined;
  const isEmpty = archive.subarray(blockBytes, folderBytes).every((byte) => byte === 0);
  return { uid: idAt(archive, 108), mode: octalAt(archive, 100), isEmpty };
}

/** The first entry of a tar archive, past what extends its header, when it is a regular file. */
export function firstFile(archive: Buffer): string | undefined {
  for (let at = 0; at + blockBytes <= archive.length; ) {
    const header = archive.subarray(at, at + blockBytes);
    const size = octalAt(header, 124, 12);
    const kind = String.fromCharCode(header[156] ?? 0);
    const from = at + blockBytes;
    if (!(size >= 0) || from + size > archive.length) return undefined;
    if (kind === "0" || kind === "\0") return archive.toString("utf8", from, from + size);
    if (!"xgLK".includes(kind)) return undefined;
    at = from + Math.ceil(size / blockBytes) * blockBytes;
  }
  return undefined;
}

function octalAt(header: Buffer, at: number, length = 8): number {
  const text = header.toString("latin1", at, at + length);
  return Number.parseInt(text.replace(/[^0-7]/g, " ").trim(), 8);
}

/** A number that has no room in seven octal digits is binary, and its first byte 0x80. */
function idAt(header: Buffer, at: number): number {
  return (header[at] ?? 0) & 0x80 ? header.readUInt32BE(at + 4) : octalAt(header, at);
}

/** A tar archive of one folder, whose owner is a `uid:gid`. */
export function folderArchive({ name, owner, mode }: { name: string; owner: string; mode: number }): Buffer {
  const header = Buffer.alloc(blockBytes);
  header.write(`${name}/`, 0);
  header.write(octal(mode), 100);
  const [uid = 0, gid = 0] = owner.split(":").map(Number);
  writeId(header, 108, uid);
  writeId(header, 116, gid);
  header.write(octal(0, 11), 124);
  header.write(octal(0, 11), 136);
  header.write("        ", 148);
  header[156] = folderType;
  header.write("ustar\0" + "00", 257);
  const sum = header.reduce((all, byte) => all + byte, 0);
  header.write(`${octal(sum, 6)}\0 `, 148);
  return Buffer.concat([header, Buffer.alloc(2 * blockBytes)]);
}

function writeId(header: Buffer, at: number, id: number): void {
  if (id <= 0o7777777) {
    header.write(octal(id), at);
  } else {
    header[at] = 0x80;
    header.writeUInt32BE(id, at + 4);
  }
}

function octal(value: number, digits = 7): string {
  return value.toString(8).padStart(digits, "0");
}
