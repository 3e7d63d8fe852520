/** A field's name in the proto's spelling. The domain writes durations as `…Ms` numbers, the proto without the unit. */
export function protoName(name: string): string {
  return name.replace(/Ms$/, "").replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
