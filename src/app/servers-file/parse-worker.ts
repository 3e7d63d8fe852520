import { parentPort, workerData } from "node:worker_threads";
import { parseServersFiles, type ServersFilesInput } from "../../config/servers-file/parse-servers-files.ts";

parentPort?.postMessage(parseServersFiles(workerData as ServersFilesInput));
