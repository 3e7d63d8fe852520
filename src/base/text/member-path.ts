/** A path with one more step: `a` and `b` -> `a.b`, `a` and 0 -> `a[0]`, `a` and `x y` -> `a["x y"]`. */
export function memberPath(before: string, step: string | number): string {
  if (typeof step === "number") return `${before}[${step}]`;
  if (!/^\w+$/.test(step)) return `${before}[${JSON.stringify(step)}]`;
  return before === "" ? step : `${before}.${step}`;
}
