/**
 * The one spelling of an absolute path: `//a/./b/` is `/a/b`. All who read a path of a spec read this one, so that two
 * of them can't mean different places by it. A path that is not absolute breaks the rules of a spec, and stays as it
 * is.
 */
export function normalPath(path: string): string {
  if (!path.startsWith("/")) return path;
  const parts = path.split("/").filter((part) => part !== "" && part !== ".");
  return `/${parts.join("/")}`;
}
