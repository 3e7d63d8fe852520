/**
 * The word that was meant by a mistyped one, most likely; undefined when none is near. Case and separators don't count:
 * `idleTimeout` means `idle_timeout`.
 */
export function nearestWord(word: string, known: readonly string[]): string | undefined {
  // Nobody mistypes so long a word, and comparing costs the square of it.
  if (word.length > 64) return undefined;
  const plain = plainForm(word);
  const ranked = known
    .map((one) => ({ one, distance: distanceOf(plain, plainForm(one)) }))
    .sort((a, b) => a.distance - b.distance);
  const [best] = ranked;
  if (best !== undefined && best.distance <= Math.max(1, Math.floor(plain.length / 3))) return best.one;
  const begun = known.filter((one) => plain.length >= 3 && plainForm(one).startsWith(plain));
  return begun.length === 1 ? begun[0] : undefined;
}

/** Letters and digits, in lower case. */
export function plainForm(word: string): string {
  return word.toLowerCase().replaceAll(/[^a-z0-9]/g, "");
}

/** How many letters have to be put in, taken out, replaced, or swapped with their neighbour. */
function distanceOf(a: string, b: string): number {
  const width = b.length + 1;
  const rows = new Array<number>((a.length + 1) * width).fill(0);
  const at = (i: number, j: number) => rows[i * width + j] ?? 0;
  for (let i = 0; i <= a.length; i += 1) {
    for (let j = 0; j <= b.length; j += 1) {
      if (i === 0 || j === 0) {
        rows[i * width + j] = i + j;
        continue;
      }
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      const steps = [at(i - 1, j) + 1, at(i, j - 1) + 1, at(i - 1, j - 1) + cost];
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) steps.push(at(i - 2, j - 2) + 1);
      rows[i * width + j] = Math.min(...steps);
    }
  }
  return at(a.length, b.length);
}
