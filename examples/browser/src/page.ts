/** The page: tries the manager of `?manager=URL`, by `?protocol=connect` or `grpc-web`. */
import { createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcWebTransport } from "@connectrpc/connect-web";
import { ManagerService } from "../../typescript/gen/mcpmanager/v1/manager_pb.ts";
import { runChecks } from "../../typescript/src/check.ts";
import { checks } from "../../typescript/src/checks.ts";
import { anotherOrigin } from "./another-origin.ts";

const asked = new URLSearchParams(location.search);
const baseUrl = asked.get("manager") ?? "http://127.0.0.1:8080";
const createTransport = asked.get("protocol") === "grpc-web" ? createGrpcWebTransport : createConnectTransport;

// The manager answers a page only when its MCPM_CORS_ORIGINS names the page's origin.
const manager = createClient(ManagerService, createTransport({ baseUrl }));

const print = (line: string) => document.querySelector("pre")?.append(`${line}\n`);
const passed = await runChecks(manager, {
  checks: { ...checks, "another origin": () => anotherOrigin(baseUrl) },
  print,
});
document.title = passed ? "passed" : "failed";
