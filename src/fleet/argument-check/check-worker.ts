import { parentPort } from "node:worker_threads";
import { type CheckInput, checkArguments } from "./check-arguments.ts";

/** The thread of `CheckThread`: says when it is there, then answers one check after the other. */
parentPort?.on("message", (input: CheckInput) => parentPort?.postMessage(checkArguments(input)));
parentPort?.postMessage("ready");
