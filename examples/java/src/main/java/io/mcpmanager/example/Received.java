package io.mcpmanager.example;

import static io.mcpmanager.example.Check.expect;

import com.google.protobuf.Value;
import com.google.protobuf.util.Values;
import io.mcpmanager.v1.CallToolRequest;
import io.mcpmanager.v1.ManagerServiceGrpc.ManagerServiceBlockingStub;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/** What the test server `hostile` tells of the messages that reached it. */
final class Received {
  static List<Value> messages(ManagerServiceBlockingStub manager) {
    var answer = manager.callTool(CallToolRequest.newBuilder().setServer("hostile").setTool("received").build());
    var fields = answer.getStructuredContent().getStructValue();
    return fields.getFieldsOrThrow("messages").getListValue().getValuesList();
  }

  /** The value at a path of names; null when there is none. */
  static Value at(Value value, String... path) {
    for (var name : path) {
      value = value == null ? null : fieldsOf(value).get(name);
    }
    return value;
  }

  private static Map<String, Value> fieldsOf(Value value) {
    return value.getStructValue().getFieldsMap();
  }

  static boolean hasMark(Value message, String mark) {
    return Values.of(mark).equals(at(message, "params", "arguments", "mark"));
  }

  /** What became of the last call with this mark among its arguments. */
  private static String fateOf(ManagerServiceBlockingStub manager, String mark) {
    var fate = "unknown";
    Value id = null;
    for (var message : messages(manager)) {
      if (hasMark(message, mark)) {
        id = at(message, "id");
        fate = "running";
      } else if (id != null && id.equals(at(message, "params", "requestId"))) {
        fate = "cancelled";
      }
    }
    return fate;
  }

  /** Waits until that became of the call, for 10 s. */
  static void waitUntil(ManagerServiceBlockingStub manager, String mark, String fate) {
    var giveUp = Instant.now().plusSeconds(10);
    while (!fateOf(manager, mark).equals(fate)) {
      expect(Instant.now().isBefore(giveUp), "the call was not " + fate + " within 10 s");
    }
  }
}
