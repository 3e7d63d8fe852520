/** main URL: tries a manager by Connect on Node. */
import process from "node:process";
import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { ManagerService } from "../gen/mcpmanager/v1/manager_pb.ts";
import { runChecks } from "./check.ts";
import { checks } from "./checks.ts";

const baseUrl = process.argv[2] ?? "http://127.0.0.1:8080";

// `createGrpcTransport` and `createGrpcWebTransport` take the same options: nothing else changes.
const transport = createConnectTransport({
  baseUrl,
  httpVersion: "2",
});

const passed = await runChecks(createClient(ManagerService, transport), { checks, print: console.log });
process.exit(passed ? 0 : 1);
