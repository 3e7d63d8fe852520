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
  /** Right beside its middle. */
  readonly label?: string;
}

const boxWidth = 170;
const lineHeight = 16;
/** Between boxes no further from each other than this nothing can stand. */
const floorOfOne = 90;

/** An SVG of boxes and arrows, which reads on a light and on a dark page. */
export function picture(
  title: string,
  { boxes, arrows }: { readonly boxes: readonly Box[]; readonly arrows: readonly Arrow[] },
): string {
  const labels = arrows.map(({ from, label = "" }) => from.x + 20 + label.length * 7);
  const width = Math.max(...boxes.map(({ x }) => x + boxWidth / 2), ...labels) + 20;
  const height = Math.max(...boxes.map((box) => box.y + heightOf(box))) + 20;
  const style = [
    "text{fill:#1f2328;font:13px system-ui,sans-serif;text-anchor:middle}.t{font-weight:600}.l{fill:#59636e;font-size:11px}",
    ".r{fill:#f6f8fa;stroke:#8c959f}.a{fill:none;stroke:#8c959f}.h{fill:#8c959f}",
    "@media(prefers-color-scheme:dark){text{fill:#e6edf3}.l{fill:#9198a1}.r{fill:#161b22;stroke:#6e7681}.a{stroke:#6e7681}.h{fill:#6e7681}}",
  ].join("");
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    `<title>${escaped(title)}</title>`,
    `<style>${style}</style>`,
    `<defs><marker id="h" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto"><path class="h" d="M0 0L8 4L0 8z"/></marker></defs>`,
    ...arrows.map(drawArrow),
    ...boxes.map(drawBox),
    "</svg>\n",
  ].join("\n");
}

function heightOf({ lines }: Box): number {
  return 30 + lines.length * lineHeight;
}

function drawBox(box: Box): string {
  const { title, lines, x, y } = box;
  const rect = `<rect class="r" x="${x - boxWidth / 2}" y="${y}" width="${boxWidth}" height="${heightOf(box)}" rx="6"/>`;
  // In the middle of a box in which nothing else stands.
  const headY = y + (lines.some((line) => line !== "") ? 20 : heightOf(box) / 2 + 5);
  const head = `<text class="t" x="${x}" y="${headY}">${escaped(title)}</text>`;
  const rest = lines.map((line, index) => {
    return `<text class="l" x="${x}" y="${y + 20 + (index + 1) * lineHeight}">${escaped(line)}</text>`;
  });
  return [rect, head, ...rest].join("");
}

/** Down from edge to edge; to another column by the side that is nearer to it. */
function drawArrow({ from, to, label }: Arrow): string {
  const arrow = `<path class="a" d="${wayOf(from, to)}" marker-end="url(#h)"/>`;
  if (label === undefined) return arrow;
  const y = (from.y + heightOf(from) + to.y) / 2 + 4;
  return `${arrow}<text class="l" x="${from.x}" y="${y}" style="text-anchor:start" dx="10">${escaped(label)}</text>`;
}

function wayOf(from: Box, to: Box): string {
  if (from.x === to.x) return `M${from.x} ${from.y + heightOf(from)}L${to.x} ${to.y}`;
  const side = (Math.sign(to.x - from.x) * boxWidth) / 2;
  const [fromY, toY] = [from.y + heightOf(from) / 2, to.y + heightOf(to) / 2];
  // What is narrow and deep leaves sideways and comes in from above; what is wide and flat the other way round.
  return to.y - from.y > floorOfOne
    ? `M${from.x + side} ${fromY}Q${to.x} ${fromY} ${to.x} ${to.y}`
    : `M${from.x} ${from.y + heightOf(from)}Q${from.x} ${toY} ${to.x - side} ${toY}`;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
