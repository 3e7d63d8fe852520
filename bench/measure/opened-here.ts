/** What a benchmark opens: disposed when it ends, and when it is told to end early. */
export function openedHere(): AsyncDisposableStack {
  const opened = new AsyncDisposableStack();
  const end = () => {
    // What is under way fails by what is taken from it, and must not end the process before all is disposed.
    process.on("uncaughtException", () => {});
    void opened.disposeAsync().finally(() => process.exit(130));
  };
  process.once("SIGINT", end);
  process.once("SIGTERM", end);
  return opened;
}
