/** One box of a picture. */
export interface Box {
  readonly title: string;
  /** Below the title. */
  readonly lines: readonly string[];
  /** Middle of its upper edge. */
  readonly x: number;
  readonly y: number;
}

export interface Arrow {
  readonly from: Box;
  readonly to: Box;
  /** Right beside the middle of an arrow up or down, above that of a level one. */
  readonly label?: string;
}

export interface Picture {
  readonly boxes: readonly Box[];
  readonly arrows: readonly Arrow[];
  readonly boxWidth: number;
  readonly boxHeight: number;
}

/** Size of the letters of all but titles; on average a letter is about half as wide. */
const letterSize = 12;
const letterWidth = 6.2;
/** Between boxes no further from each other than this there is no room for another one. */
const floorOfOne = 90;

/** An SVG of boxes and arrows that can be read on a light and on a dark page, at its own size. */
export function picture(title: string, { boxes, arrows, boxWidth, boxHeight }: Picture): string {
  const labels = arrows
    .filter(({ from, to }) => from.x === to.x)
    .map(({ from, label = "" }) => from.x + 10 + label.length * letterWidth);
  const width = Math.ceil(Math.max(...boxes.map(({ x }) => x + boxWidth / 2), ...labels) + 10);
  const height = Math.max(...boxes.map(({ y }) => y + boxHeight)) + 10;
  const size = { boxWidth, boxHeight };
  const style = [
    `text{fill:#1f2328;font:13px system-ui,sans-serif;text-anchor:middle}.t{font-weight:600}.l{fill:#59636e;font-size:${letterSize}px}`,
    ".r{fill:#f6f8fa;stroke:#8c959f}.a{fill:none;stroke:#59636e;stroke-width:1.3}.h{fill:#59636e}",
    "@media(prefers-color-scheme:dark){text{fill:#e6edf3}.l{fill:#9198a1}.r{fill:#161b22;stroke:#6e7681}.a{stroke:#9198a1}.h{fill:#9198a1}}",
  ].join("");
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    `<title>${escaped(title)}</title>`,
    `<style>${style}</style>`,
    `<defs><marker id="h" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto"><path class="h" d="M0 0L8 4L0 8z"/></marker></defs>`,
    ...arrows.map((arrow) => drawArrow(arrow, size)),
    ...boxes.map((box) => drawBox(box, size)),
    "</svg>\n",
  ].join("\n");
}

type Size = Pick<Picture, "boxWidth" | "boxHeight">;

function drawBox({ title, lines, x, y }: Box, { boxWidth, boxHeight }: Size): string {
  const rect = `<rect class="r" x="${x - boxWidth / 2}" y="${y}" width="${boxWidth}" height="${boxHeight}" rx="6"/>`;
  // The title and its lines stand in the middle of the box.
  const firstY = y + boxHeight / 2 + 5 - (lines.length * (letterSize + 4)) / 2;
  const head = `<text class="t" x="${x}" y="${firstY}">${escaped(title)}</text>`;
  const rest = lines.map((line, index) => {
    return `<text class="l" x="${x}" y="${firstY + (index + 1) * (letterSize + 4)}">${escaped(line)}</text>`;
  });
  return [rect, head, ...rest].join("");
}

function drawArrow({ from, to, label }: Arrow, size: Size): string {
  const arrow = `<path class="a" d="${wayOf(from, { to, ...size })}" marker-end="url(#h)"/>`;
  if (label === undefined) return arrow;
  const middleY = (from.y + to.y + size.boxHeight) / 2;
  const text =
    from.x === to.x
      ? `<text class="l" x="${from.x + 10}" y="${middleY + 4}" style="text-anchor:start">${escaped(label)}</text>`
      : `<text class="l" x="${(from.x + to.x) / 2}" y="${middleY - 6}">${escaped(label)}</text>`;
  return arrow + text;
}

/** From edge to edge: straight in a row or a column; to another column by the side that is nearer to it. */
function wayOf(from: Box, { to, boxWidth, boxHeight }: { readonly to: Box } & Size): string {
  const side = (Math.sign(to.x - from.x) * boxWidth) / 2;
  const [fromY, toY] = [from.y + boxHeight / 2, to.y + boxHeight / 2];
  if (from.y === to.y) return `M${from.x + side} ${fromY}L${to.x - side} ${toY}`;
  if (from.x === to.x) {
    return from.y < to.y
      ? `M${from.x} ${from.y + boxHeight}L${to.x} ${to.y}`
      : `M${from.x} ${from.y}L${to.x} ${to.y + boxHeight}`;
  }
  // What is narrow and deep leaves sideways and comes in from above; what is wide and flat the other way round.
  return to.y - from.y > floorOfOne
    ? `M${from.x + side} ${fromY}Q${to.x} ${fromY} ${to.x} ${to.y}`
    : `M${from.x} ${from.y + boxHeight}Q${from.x} ${toY} ${to.x - side} ${toY}`;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
