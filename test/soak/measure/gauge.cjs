// Preloaded into the manager (NODE_OPTIONS): at SIGUSR2 it collects garbage and writes down what memory is in use.
const { renameSync, writeFileSync } = require("node:fs");
const v8 = require("node:v8");
const vm = require("node:vm");

v8.setFlagsFromString("--expose-gc");
const collectGarbage = vm.runInNewContext("gc");

process.on("SIGUSR2", () => {
  collectGarbage();
  // What the first one freed may have held what the second one frees, as buffers do.
  setImmediate(() => {
    collectGarbage();
    const file = process.env.SOAK_GAUGE_FILE;
    writeFileSync(`${file}.new`, JSON.stringify(process.memoryUsage()));
    renameSync(`${file}.new`, file);
  });
});
