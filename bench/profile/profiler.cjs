// Preloaded into the manager (NODE_OPTIONS): SIGUSR2 begins a CPU profile, the next one ends it and writes it down.
const { renameSync, writeFileSync } = require("node:fs");
const { Session } = require("node:inspector");

const file = process.env.BENCH_PROFILE_FILE;
const done = (text) => {
  writeFileSync(`${file}.new`, text);
  renameSync(`${file}.new`, file);
};
let session;

process.on("SIGUSR2", () => {
  if (session === undefined) {
    session = new Session();
    session.connect();
    session.post("Profiler.enable");
    session.post("Profiler.setSamplingInterval", { interval: 200 });
    session.post("Profiler.start", () => done("{}"));
  } else {
    session.post("Profiler.stop", (_error, { profile }) => {
      session.disconnect();
      session = undefined;
      done(JSON.stringify(profile));
    });
  }
});
