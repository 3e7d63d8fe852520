const width = 720;
const font = 'font-family="system-ui, sans-serif" font-size="13"';
const colors = ["#0b6e99", "#d9730d", "#448361", "#9065b0", "#c14c8a", "#64473a", "#787774", "#337ea9"];

export interface Bar {
  readonly label: string;
  readonly value: number;
}

/** Horizontal bars with their values, from zero. */
export function barChart(title: string, bars: readonly Bar[]): string {
  const [labelWidth, barHeight, top] = [170, 26, 40];
  const largest = Math.max(...bars.map(({ value }) => value));
  const parts = bars.map(({ label, value }, index) => {
    const y = top + index * barHeight;
    const length = (value / largest) * (width - labelWidth - 90);
    return [
      text(label, { x: labelWidth - 8, y: y + 14, anchor: "end" }),
      `<rect x="${labelWidth}" y="${y}" width="${length.toFixed(1)}" height="18" fill="${colors[0]}"/>`,
      text(number(value), { x: labelWidth + length + 6, y: y + 14, anchor: "start" }),
    ].join("");
  });
  return frame(title, { height: top + bars.length * barHeight + 10, parts });
}

export interface Series {
  readonly label: string;
  /** One for each x; undefined: not measured. */
  readonly values: readonly (number | undefined)[];
}

/** Lines over named places, from zero. */
export function lineChart(title: string, { x, series }: { x: readonly string[]; series: readonly Series[] }): string {
  const box = { left: 70, top: 44, right: width - 150, bottom: 300 };
  const largest = Math.max(...series.flatMap(({ values }) => values.filter((value) => value !== undefined)));
  const xAt = (index: number) => box.left + (index / Math.max(1, x.length - 1)) * (box.right - box.left);
  const yAt = (value: number) => box.bottom - (value / largest) * (box.bottom - box.top);
  const grid = [0, 0.25, 0.5, 0.75, 1].flatMap((share) => {
    const y = yAt(share * largest);
    const line = `<line x1="${box.left}" x2="${box.right}" y1="${y}" y2="${y}" stroke="#ddd"/>`;
    return [line, text(number(share * largest), { x: box.left - 8, y: y + 4, anchor: "end" })];
  });
  const names = x.map((name, index) => text(name, { x: xAt(index), y: box.bottom + 20, anchor: "middle" }));
  const lines = series.flatMap(({ label, values }, index) => {
    const color = colors[index % colors.length];
    const points = values.flatMap((value, at) =>
      value === undefined ? [] : `${xAt(at).toFixed(1)},${yAt(value).toFixed(1)}`,
    );
    const legendY = box.top + index * 20;
    return [
      `<polyline points="${points.join(" ")}" fill="none" stroke="${color}" stroke-width="2"/>`,
      `<rect x="${box.right + 14}" y="${legendY - 5}" width="12" height="4" fill="${color}"/>`,
      text(label, { x: box.right + 32, y: legendY + 2, anchor: "start" }),
    ];
  });
  return frame(title, { height: box.bottom + 36, parts: [...grid, ...names, ...lines] });
}

function frame(title: string, { height, parts }: { height: number; parts: readonly string[] }): string {
  const background = `<rect width="${width}" height="${height}" fill="#fff"/>`;
  const head = text(title, { x: 12, y: 22, anchor: "start" });
  const open = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" ${font}>`;
  return `${[open, `<title>${escaped(title)}</title>`, background, head, ...parts].join("\n")}\n</svg>\n`;
}

function text(content: string, { x, y, anchor }: { x: number; y: number; anchor: "start" | "middle" | "end" }): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}">${escaped(content)}</text>`;
}

function escaped(content: string): string {
  return content.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}

function number(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString("en") : String(Number(value.toPrecision(3)));
}
