import { composeDocument } from "./compose-document.ts";
import { decodeText, type FileText } from "./decode-text.ts";
import type { Problems } from "./problem.ts";
import { kindText, type MapTree } from "./tree.ts";
import { TreeBuilder } from "./yaml-tree.ts";

/** Editors leave that of a file for a moment, before they write it again. */
const truncated = 'as one that was cut off would be; a file for no servers has "servers: {}"';

/** The mapping that a file is; undefined when it has a problem. */
export function readYaml(file: FileText, problems: Problems): MapTree | undefined {
  const source = decodeText(file, problems);
  if (source === undefined) return undefined;
  const known = problems.count;
  const start = { source, start: 0, end: 0 };
  const document = composeDocument(source, problems);
  if (problems.count > known) return undefined;
  const tree = document?.contents == null ? undefined : new TreeBuilder(source, problems).build(document.contents);
  if (tree?.kind === "broken") return undefined;
  if (tree === undefined || (tree.kind === "text" && tree.isNull)) {
    const rule = `the file is empty, ${truncated}`;
    problems.add(start, { field: "", rule });
    return undefined;
  }
  if (tree.kind !== "map") {
    problems.add(tree.span, {
      field: "",
      rule: `the file must be a mapping with the key servers, not ${kindText(tree)}`,
    });
    return undefined;
  }
  if (tree.entries.has("servers")) return tree;
  const rule = `the file has no key servers, ${truncated}`;
  problems.add(start, { field: "", rule });
  return tree;
}
