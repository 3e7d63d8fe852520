import type { Problems } from "./problem.ts";
import { SourceText } from "./source-text.ts";

/** What one file may have: two hundred servers have a tenth of it. */
export const maxFileBytes = 1024 * 1024;

/** A file as it was read. */
export interface FileText {
  /** Where it lies. Relative paths in it are relative to its folder; problems name it so. */
  readonly path: string;
  readonly text: string | Uint8Array;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: what YAML does not allow (1.2.2, 5.1)
const notPrintable = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]/;

const notText = "the file is not text in UTF-8: save it as UTF-8";

/** The text of a file, or undefined when it has a problem. */
export function decodeText({ path, text: given }: FileText, problems: Problems): SourceText | undefined {
  const fail = (source: SourceText, { at, rule }: { at: number; rule: string }) => {
    problems.add({ source, start: at, end: at }, { field: "", rule });
    return undefined;
  };
  const bytes = typeof given === "string" ? Buffer.byteLength(given) : given.byteLength;
  if (bytes > maxFileBytes) {
    const rule = `the file has ${bytes.toLocaleString("en")} bytes; at most ${maxFileBytes.toLocaleString("en")} are allowed`;
    return fail(new SourceText(path, ""), { at: 0, rule });
  }
  const text = typeof given === "string" ? given : Buffer.from(given).toString();
  const source = new SourceText(path, text);
  if (typeof given !== "string") {
    const at = notUtf8(given, text);
    if (at !== undefined) return fail(source, { at, rule: notText });
  }
  const control = notPrintable.exec(text);
  if (control === null) return source;
  // What UTF-16 has in every other byte.
  if (control[0] === "\0") return fail(source, { at: control.index, rule: notText });
  const code = control[0].charCodeAt(0).toString(16).toUpperCase().padStart(4, "0");
  return fail(source, { at: control.index, rule: `the control character U+${code} stands here: remove it` });
}

/** Where bytes stop being UTF-8; undefined when all of them are. */
function notUtf8(bytes: Uint8Array, text: string): number | undefined {
  const again = Buffer.from(text);
  if (again.equals(bytes)) return undefined;
  const length = Math.min(again.length, bytes.length);
  let same = 0;
  while (same < length && again[same] === bytes[same]) same += 1;
  // Within a character: its first byte may agree.
  return Math.max(
    0,
    again
      .subarray(0, same)
      .toString()
      .replace(/\ufffd+$/, "").length,
  );
}
