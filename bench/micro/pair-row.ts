import { median } from "../measure/median.ts";
import { type ByHand, type Round, works } from "./by-hand.ts";

export const columns = ["plain ns", "by hand ns", "ratio", "goes below", "gain µs", "share", "where", "plain form"];

/** The cells of a table about a thing, and how many times as long the plain form takes. */
export function pairRow(
  { thing, part: { of, times }, ...byHand }: ByHand,
  done: readonly Round[],
): { readonly cells: readonly string[]; readonly ratio: number } {
  const ratio = median(done.map(({ handNs, plainNs }) => plainNs / handNs));
  const gainUs = (median(done.map(({ handNs, plainNs }) => plainNs - handNs)) * times) / 1000;
  const { goesBelow, isMost = false } = byHand;
  const mark = goesBelow !== undefined && ratio < goesBelow ? ": goes" : "";
  const cells = [
    thing,
    median(done.map(({ plainNs }) => plainNs)).toFixed(0),
    median(done.map(({ handNs }) => handNs)).toFixed(0),
    `${ratio.toFixed(1)}x`,
    goesBelow === undefined ? "" : `${goesBelow}x${mark}`,
    gainUs.toFixed(gainUs < 10 ? 2 : 0),
    isMost ? `most of ${of}` : `${((100 * gainUs) / works[of]).toFixed(1)} % of ${of}`,
    byHand.file,
    byHand.plainForm,
  ];
  return { cells, ratio };
}
