package io.mcpmanager.example;

import static io.mcpmanager.example.Check.expect;
import static java.util.stream.Collectors.joining;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Struct;
import com.google.protobuf.util.JsonFormat;
import com.google.protobuf.util.Structs;
import com.google.protobuf.util.Values;
import io.mcpmanager.v1.CallToolRequest;
import io.mcpmanager.v1.CallToolResponse;
import io.mcpmanager.v1.ManagerServiceGrpc.ManagerServiceBlockingStub;
import io.mcpmanager.v1.ResultFormat;
import java.util.List;

final class Calls {
  static final List<Check> ALL =
      List.of(
          new Check("CallTool", Calls::callTool),
          new Check("structured content", Calls::structuredContent),
          new Check("JSON form", Calls::jsonForm),
          new Check("large result", Calls::largeResult));

  private static String callTool(ManagerServiceBlockingStub manager) {
    // A Struct has of each field a name and a Value; Structs and Values are of protobuf-java-util.
    var arguments = Structs.of("a", Values.of(2), "b", Values.of(3));
    var text = textOf(manager.callTool(call("get-sum").setArguments(arguments).build()));
    expect(text.equals("The sum of 2 and 3 is 5."), text);
    return text;
  }

  private static String structuredContent(ManagerServiceBlockingStub manager) throws Exception {
    var arguments = Structs.of("location", Values.of("Chicago"));
    var answer = manager.callTool(call("get-structured-content").setArguments(arguments).build());
    // getStructuredContentJson() is the other case: JSON that a Value can't hold, such as an integer beyond 2^53.
    expect(answer.hasStructuredContent(), answer);
    var weather = answer.getStructuredContent();
    expect(weather.getStructValue().getFieldsOrThrow("temperature").getNumberValue() == 36, weather);
    return JsonFormat.printer().omittingInsignificantWhitespace().print(weather);
  }

  /** Arguments and result as JSON text, in which no number is rounded. Here a Struct is written and read as JSON. */
  private static String jsonForm(ManagerServiceBlockingStub manager) throws Exception {
    var message = "👩‍👩‍👧 a\u00a0b שלום 𝒳 e\u0301";
    var json = JsonFormat.printer().print(Structs.of("message", Values.of(message)));
    var request =
        call("echo").setArgumentsJson(json).setResultFormat(ResultFormat.RESULT_FORMAT_JSON).build();
    var resultJson = manager.callTool(request).getResultJson();
    expect(firstTextOf(resultJson).equals("Echo: " + message), resultJson);
    return resultJson;
  }

  /** A gRPC client takes messages of 4 MB at most, unless it is told otherwise: here, or for a whole channel. */
  private static String largeResult(ManagerServiceBlockingStub manager) {
    var message = "x".repeat(5_000_000);
    var request = call("echo").setArguments(Structs.of("message", Values.of(message))).build();
    var text = textOf(manager.withMaxInboundMessageSize(32 << 20).callTool(request));
    expect(text.equals("Echo: " + message), text.length());
    return "5 MB";
  }

  static CallToolRequest.Builder call(String tool) {
    return CallToolRequest.newBuilder().setServer("everything").setTool(tool);
  }

  static String textOf(CallToolResponse answer) {
    // Another kind of content has no text: "".
    return answer.getContentList().stream().map(block -> block.getText().getText()).collect(joining());
  }

  static String firstTextOf(String resultJson) throws InvalidProtocolBufferException {
    var result = Struct.newBuilder();
    JsonFormat.parser().merge(resultJson, result);
    var block = result.getFieldsOrThrow("content").getListValue().getValues(0);
    return block.getStructValue().getFieldsOrThrow("text").getStringValue();
  }
}
