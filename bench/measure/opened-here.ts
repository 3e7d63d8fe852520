/** What a benchmark opens: disposed when it ends, and when it is told to end early. */
export function openedHere(): AsyncDisposableStack {
  const opened = new AsyncDisposableStack();
  const end = () => void opened.disposeAsync().finally(() => process.exit(130));
  process.once("SIGINT", end);
  process.once("SIGTERM", end);
  return opened;
}
