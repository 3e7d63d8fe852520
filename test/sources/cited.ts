/** What stands in backticks, blocks of code aside; a citation may go on in the next line. */
export function cited(text: string): string[] {
  const paragraphs = text.replaceAll(/^ *```.*?^ *```/gms, "").split(/\n\s*\n|\n(?=\s*(?:[-|]|\d+\.) )/);
  return paragraphs.flatMap((paragraph) =>
    [...paragraph.replaceAll("\n", " ").matchAll(/(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)/g)].map(([, , inside = ""]) =>
      inside.trim(),
    ),
  );
}

/** Paths of the repository, in backticks or not. */
export function citedPaths(text: string): string[] {
  const path = /(?<![\w./<>{}*@$-])(?:src|test|scripts|bench|docs|proto|gen|examples|servers)\/[\w./*<>{},-]*\w/g;
  return (text.match(path) ?? []).filter((one) => !/[*<>{},]/.test(one));
}

/** The anchors of a document's headings, as GitHub makes them. */
export function anchorsOf(document: string): string[] {
  return [...document.matchAll(/^#+ (.*)$/gm)].map(([, title = ""]) =>
    title
      .toLowerCase()
      .replaceAll(/[^\w\- ]/g, "")
      .replaceAll(" ", "-"),
  );
}

/** Where a document's links lead that have no scheme: a file from the document's folder, and an anchor. */
export function linksOf(document: string): { readonly file: string; readonly anchor: string | undefined }[] {
  return [...document.replaceAll(/`[^`\n]*`/g, "").matchAll(/\]\(([^)\s:]+)\)/g)].map(([, target = ""]) => {
    const [file = "", anchor] = target.split("#");
    return { file, anchor };
  });
}
