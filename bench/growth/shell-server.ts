import { PullPolicy } from "../../gen/mcpmanager/v1/server_pb.ts";
import { echoImage } from "../load/echo-container.ts";

/** An MCP server that starts at once and needs next to no memory, so that there can be hundreds. */
export const shellServerSpec = {
  image: echoImage,
  pullPolicy: PullPolicy.NEVER,
  command: ["sh", "-c"],
  args: [
    String.raw`
while IFS= read -r line; do
  case $line in *'"id":'*) id=\${line#*'"id":'}; id=\${id%%[,\}]*} ;; *) continue ;; esac
  case $line in
    *'"method":"initialize"'*)
      printf '{"jsonrpc":"2.0","id":%s,"result":{"protocolVersion":"2025-06-18","capabilities":{"tools":{}},"serverInfo":{"name":"shell","version":"1"}}}\n' "$id" ;;
    *'"method":"ping"'*) printf '{"jsonrpc":"2.0","id":%s,"result":{}}\n' "$id" ;;
    *'"method":"tools/list"'*)
      printf '{"jsonrpc":"2.0","id":%s,"result":{"tools":[{"name":"echo","inputSchema":{"type":"object"}}]}}\n' "$id" ;;
    *'"method":"tools/call"'*)
      text=\${line#*'"text":"'}
      printf '{"jsonrpc":"2.0","id":%s,"result":{"content":[{"type":"text","text":"%s"}]}}\n' "$id" "\${text%%'"'*}" ;;
    *) printf '{"jsonrpc":"2.0","id":%s,"error":{"code":-32601,"message":"no such method"}}\n' "$id" ;;
  esac
done`.replaceAll("\\${", "${"),
  ],
};
