package io.mcpmanager.example;

import static io.mcpmanager.example.Calls.call;
import static io.mcpmanager.example.Check.expect;

import com.google.common.util.concurrent.ListenableFuture;
import com.google.protobuf.Struct;
import com.google.protobuf.util.Values;
import io.grpc.Context;
import io.mcpmanager.v1.CallToolStreamRequest;
import io.mcpmanager.v1.LogSource;
import io.mcpmanager.v1.LogsRequest;
import io.mcpmanager.v1.ManagerServiceGrpc;
import io.mcpmanager.v1.ManagerServiceGrpc.ManagerServiceBlockingStub;
import io.mcpmanager.v1.RestartRequest;
import io.mcpmanager.v1.RestartResponse;
import io.mcpmanager.v1.ServerState;
import io.mcpmanager.v1.WatchRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;

final class Streams {
  static final List<Check> ALL =
      List.of(
          new Check("Logs", manager -> untilDone(() -> logs(manager))),
          new Check("CallToolStream", Streams::callToolStream),
          new Check("result in pieces", Streams::resultInPieces),
          new Check("Watch", manager -> untilDone(() -> watch(manager))));

  /** A blocking stub's stream has no way to leave it but the context that it was begun in. */
  static String untilDone(Callable<String> reading) throws Exception {
    try (var context = Context.current().withCancellation()) {
      return context.call(reading);
    }
  }

  private static String logs(ManagerServiceBlockingStub manager) {
    var request =
        LogsRequest.newBuilder()
            .setServer("hostile")
            .setFollow(true)
            .setTail(0)
            .addSources(LogSource.LOG_SOURCE_STDERR)
            .build();
    var events = manager.logs(request);
    while (events.hasNext()) {
      var event = events.next();
      if (event.hasLine()) {
        return "followed: " + event.getLine().getText();
      }
      // The first event comes at once: from here on no line is missed.
      var arguments = Struct.newBuilder().putFields("text", Values.of("a line on stderr"));
      manager.callTool(call("hostile", "stderr", arguments).build());
    }
    throw new IllegalStateException("the stream ended");
  }

  private static CallToolStreamRequest streamCall(String server, String tool, Struct.Builder arguments) {
    return CallToolStreamRequest.newBuilder().setServer(server).setTool(tool).setArguments(arguments).build();
  }

  private static String callToolStream(ManagerServiceBlockingStub manager) {
    var arguments = Struct.newBuilder().putFields("duration", Values.of(1)).putFields("steps", Values.of(2));
    var seen = new ArrayList<String>();
    manager
        .callToolStream(streamCall("everything", "trigger-long-running-operation", arguments))
        .forEachRemaining(
            event -> {
              if (event.hasProgress()) {
                seen.add("%.0f of %.0f".formatted(event.getProgress().getProgress(), event.getProgress().getTotal()));
              } else if (event.hasResult()) {
                seen.add(Calls.textOf(event.getResult()));
              }
            });
    expect(seen.size() == 3 && seen.get(1).equals("2 of 2"), seen);
    return String.join(", ", seen);
  }

  private static String resultInPieces(ManagerServiceBlockingStub manager) throws Exception {
    var json = new StringBuilder();
    var pieces = 0;
    var arguments = Struct.newBuilder().putFields("bytes", Values.of(5_000_000));
    var events = manager.callToolStream(streamCall("hostile", "large", arguments));
    while (events.hasNext()) {
      var event = events.next();
      if (event.hasResultChunk()) {
        json.append(event.getResultChunk().getResultJson());
        pieces += 1;
      }
    }
    var block = Calls.parse(json.toString()).getFieldsOrThrow("content").getListValue().getValues(0);
    var length = Received.at(block, "text").getStringValue().length();
    expect(length == 5_000_000, length);
    return "5 MB in " + pieces + ", below every client's limit";
  }

  private static String watch(ManagerServiceBlockingStub manager) throws Exception {
    var seen = new ArrayList<String>();
    ListenableFuture<RestartResponse> restart = null;
    var events = manager.watch(WatchRequest.getDefaultInstance());
    while (events.hasNext()) {
      var event = events.next();
      if (event.hasSnapshot()) {
        seen.add(event.getSnapshot().getServersCount() + " servers");
        restart =
            ManagerServiceGrpc.newFutureStub(manager.getChannel())
                .restart(RestartRequest.newBuilder().setName("everything").build());
      } else if (event.hasChange()) {
        var state = event.getChange().getServer().getState();
        seen.add(state.name().replace("SERVER_STATE_", ""));
        if (state == ServerState.SERVER_STATE_READY) {
          restart.get();
          return String.join(", ", seen);
        }
      }
    }
    throw new IllegalStateException("the stream ended");
  }
}
