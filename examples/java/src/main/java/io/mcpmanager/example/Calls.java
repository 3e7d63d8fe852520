package io.mcpmanager.example;

import static io.mcpmanager.example.Check.expect;
import static java.util.stream.Collectors.joining;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Struct;
import com.google.protobuf.util.JsonFormat;
import com.google.protobuf.util.Values;
import io.grpc.Status;
import io.mcpmanager.v1.CallToolRequest;
import io.mcpmanager.v1.CallToolResponse;
import io.mcpmanager.v1.ListToolsRequest;
import io.mcpmanager.v1.ManagerServiceGrpc;
import io.mcpmanager.v1.ManagerServiceGrpc.ManagerServiceBlockingStub;
import io.mcpmanager.v1.ResultFormat;
import java.util.List;
import java.util.UUID;

final class Calls {
  static final List<Check> ALL =
      List.of(
          new Check("ListTools", Calls::listTools),
          new Check("CallTool", Calls::callTool),
          new Check("structured content", Calls::structuredContent),
          new Check("a picture", Calls::aPicture),
          new Check("a tool's failure", Calls::aToolsFailure),
          new Check("non-ASCII text", Calls::nonAsciiText),
          new Check("idempotency key", Calls::idempotencyKey),
          new Check("big integers", Calls::bigIntegers),
          new Check("3 MB result", Calls::resultOf3Mb),
          new Check("5 MB result", Calls::resultOf5Mb),
          new Check("8 MB request", Calls::requestOf8Mb));

  /** Combined emoji, a no-break space, right-to-left scripts, a character beyond the BMP, a combining accent. */
  private static final String TEXT = "👩‍👩‍👧 a\u00a0b שלום مرحبا 𝒳 e\u0301 日本";

  /** No double is 2^53 + 1, and a Struct holds doubles. */
  private static final long BIG = 9007199254740993L;

  /** A call with arguments as a Struct: of each field a name and a Value. */
  static CallToolRequest.Builder call(String server, String tool, Struct.Builder arguments) {
    return CallToolRequest.newBuilder().setServer(server).setTool(tool).setArguments(arguments);
  }

  private static CallToolRequest.Builder call(String server, String tool) {
    return CallToolRequest.newBuilder().setServer(server).setTool(tool);
  }

  /** JSON text of the manager's, for whoever has no JSON library at hand; its integers become doubles. */
  static Struct parse(String json) throws InvalidProtocolBufferException {
    var fields = Struct.newBuilder();
    JsonFormat.parser().merge(json, fields);
    return fields.build();
  }

  static String textOf(CallToolResponse answer) {
    // Another kind of content has no text: "".
    return answer.getContentList().stream().map(block -> block.getText().getText()).collect(joining());
  }

  private static String listTools(ManagerServiceBlockingStub manager) throws Exception {
    var tools = manager.listTools(ListToolsRequest.newBuilder().setServer("everything").build()).getToolsList();
    var echo = tools.stream().filter(tool -> tool.getName().equals("echo")).findFirst().orElseThrow();
    expect(parse(echo.getInputSchemaJson()).containsFields("properties"), echo);
    return tools.size() + " tools";
  }

  private static String callTool(ManagerServiceBlockingStub manager) {
    var arguments = Struct.newBuilder().putFields("a", Values.of(2)).putFields("b", Values.of(3));
    var answer = manager.callTool(call("everything", "get-sum", arguments).build());
    expect(textOf(answer).contains("5"), answer);
    return textOf(answer);
  }

  private static String structuredContent(ManagerServiceBlockingStub manager) throws Exception {
    var arguments = Struct.newBuilder().putFields("location", Values.of("Chicago"));
    var answer = manager.callTool(call("everything", "get-structured-content", arguments).build());
    expect(answer.hasStructuredContent(), answer);
    return JsonFormat.printer().omittingInsignificantWhitespace().print(answer.getStructuredContent());
  }

  private static String aPicture(ManagerServiceBlockingStub manager) {
    var answer = manager.callTool(call("everything", "get-tiny-image").build());
    for (var block : answer.getContentList()) {
      if (block.hasImage() && block.getImage().getData().byteAt(1) == 'P') {
        return "%d bytes of %s".formatted(block.getImage().getData().size(), block.getImage().getMimeType());
      }
    }
    throw new IllegalStateException("no PNG");
  }

  private static String aToolsFailure(ManagerServiceBlockingStub manager) {
    var answer = manager.callTool(call("hostile", "fail").build());
    expect(answer.getIsError(), answer);
    return "is_error: " + textOf(answer);
  }

  private static String nonAsciiText(ManagerServiceBlockingStub manager) {
    var arguments = Struct.newBuilder().putFields("text", Values.of(TEXT));
    var answer = manager.callTool(call("hostile", "echo", arguments).build());
    expect(textOf(answer).equals(TEXT), answer);
    return TEXT;
  }

  private static String idempotencyKey(ManagerServiceBlockingStub manager) throws Exception {
    var mark = UUID.randomUUID().toString();
    var arguments = Struct.newBuilder().putFields("text", Values.of("once")).putFields("mark", Values.of(mark));
    var request = call("hostile", "echo", arguments).setIdempotencyKey(mark).build();
    var future = ManagerServiceGrpc.newFutureStub(manager.getChannel());
    var answers = List.of(future.callTool(request), future.callTool(request));
    for (var answer : answers) {
      expect(textOf(answer.get()).equals("once"), answer);
    }
    var calls = Received.messages(manager).stream().filter(it -> Received.hasMark(it, mark)).count();
    expect(calls == 1, "called " + calls + " times");
    return "two callers, one call";
  }

  private static String bigIntegers(ManagerServiceBlockingStub manager) {
    var n = "{\"n\":" + BIG + "}";
    var line = textOf(manager.callTool(call("hostile", "line").setArgumentsJson(n).build()));
    expect(line.contains("\"arguments\":" + n), line);

    var json = "{\"content\":[],\"structuredContent\":" + n + "}";
    var raw = call("hostile", "raw", Struct.newBuilder().putFields("json", Values.of(json)));
    var typed = manager.callTool(raw.build());
    expect(typed.getStructuredContentJson().equals(n), typed);
    var exact = manager.callTool(raw.setResultFormat(ResultFormat.RESULT_FORMAT_JSON).build());
    expect(exact.getResultJson().equals(json), exact);
    return BIG + ", there and back";
  }

  private static CallToolRequest large(int bytes) {
    return call("hostile", "large", Struct.newBuilder().putFields("bytes", Values.of(bytes))).build();
  }

  /** A gRPC client takes messages of 4 MB at most, unless it is told otherwise: here, or for a whole channel. */
  private static ManagerServiceBlockingStub takingMore(ManagerServiceBlockingStub manager) {
    return manager.withMaxInboundMessageSize(32 << 20);
  }

  private static String resultOf3Mb(ManagerServiceBlockingStub manager) {
    var length = textOf(manager.callTool(large(3_000_000))).length();
    expect(length == 3_000_000, length);
    return "within every client's default limit";
  }

  private static String resultOf5Mb(ManagerServiceBlockingStub manager) throws Exception {
    var refused = Failure.of(() -> manager.callTool(large(5_000_000)));
    expect(refused.code() == Status.Code.RESOURCE_EXHAUSTED && refused.reason().isEmpty(), refused);
    var length = textOf(takingMore(manager).callTool(large(5_000_000))).length();
    expect(length == 5_000_000, length);
    return "by default " + refused + "; with maxInboundMessageSize it comes";
  }

  private static String requestOf8Mb(ManagerServiceBlockingStub manager) {
    var message = "x".repeat(8_000_000);
    var arguments = Struct.newBuilder().putFields("message", Values.of(message));
    var answer = takingMore(manager).callTool(call("everything", "echo", arguments).build());
    expect(textOf(answer).endsWith(message), "another text");
    return "there and back";
  }
}
