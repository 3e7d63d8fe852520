/**
 * What the package gives to programs that call a manager: the service, its messages, and the details of its errors. A
 * transport is theirs to choose: @connectrpc/connect-node, @connectrpc/connect-web.
 */
export { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from "../gen/google/rpc/error_details_pb.ts";
export * from "../gen/mcpmanager/v1/manager_pb.ts";
export * from "../gen/mcpmanager/v1/prompt_pb.ts";
export * from "../gen/mcpmanager/v1/resource_pb.ts";
export * from "../gen/mcpmanager/v1/server_pb.ts";
export * from "../gen/mcpmanager/v1/tool_pb.ts";
