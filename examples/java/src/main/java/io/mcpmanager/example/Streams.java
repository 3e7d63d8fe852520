package io.mcpmanager.example;

import static io.mcpmanager.example.Check.expect;

import com.google.protobuf.util.Structs;
import com.google.protobuf.util.Values;
import io.grpc.Context;
import io.mcpmanager.v1.CallToolStreamRequest;
import io.mcpmanager.v1.ManagerServiceGrpc.ManagerServiceBlockingStub;
import io.mcpmanager.v1.RestartRequest;
import io.mcpmanager.v1.ServerState;
import io.mcpmanager.v1.WatchRequest;
import java.util.ArrayList;
import java.util.List;

final class Streams {
  static final List<Check> ALL =
      List.of(
          new Check("CallToolStream", Streams::callToolStream),
          new Check("result in pieces", Streams::resultInPieces),
          new Check("Watch", Streams::watch));

  private static String callToolStream(ManagerServiceBlockingStub manager) {
    var arguments = Structs.of("duration", Values.of(0.2), "steps", Values.of(2));
    var seen = new ArrayList<String>();
    var events = manager.callToolStream(call("trigger-long-running-operation").setArguments(arguments).build());
    while (events.hasNext()) {
      var event = events.next();
      if (event.hasProgress()) {
        seen.add("%.0f of %.0f".formatted(event.getProgress().getProgress(), event.getProgress().getTotal()));
      } else if (event.hasResult()) {
        seen.add(Calls.textOf(event.getResult()));
      }
    }
    expect(seen.size() == 3 && seen.get(1).equals("2 of 2"), seen);
    return String.join(", ", seen);
  }

  /** Below the limit of every client, whatever the size of the result. */
  private static String resultInPieces(ManagerServiceBlockingStub manager) throws Exception {
    var message = "x".repeat(5_000_000);
    var pieces = new ArrayList<String>();
    var events = manager.callToolStream(call("echo").setArguments(Structs.of("message", Values.of(message))).build());
    while (events.hasNext()) {
      var event = events.next();
      if (event.hasResultChunk()) {
        pieces.add(event.getResultChunk().getResultJson());
      }
    }
    var text = Calls.firstTextOf(String.join("", pieces));
    expect(pieces.size() > 1 && text.equals("Echo: " + message), pieces.size() + " pieces");
    return "5 MB in " + pieces.size();
  }

  private static CallToolStreamRequest.Builder call(String tool) {
    return CallToolStreamRequest.newBuilder().setServer("everything").setTool(tool);
  }

  /** A subscription: what there is, then every change, until the caller leaves. */
  private static String watch(ManagerServiceBlockingStub manager) throws Exception {
    // A blocking stub's stream has no way to leave it but the context that it was begun in.
    try (var context = Context.current().withCancellation()) {
      return context.call(() -> untilReadyAgain(manager));
    }
  }

  private static String untilReadyAgain(ManagerServiceBlockingStub manager) {
    var seen = new ArrayList<String>();
    var events = manager.watch(WatchRequest.getDefaultInstance());
    while (events.hasNext()) {
      var event = events.next();
      if (event.hasSnapshot()) {
        seen.add(event.getSnapshot().getServersCount() + " server");
        manager.restart(RestartRequest.newBuilder().setName("everything").build());
      } else if (event.hasChange()) {
        var state = event.getChange().getServer().getState();
        seen.add(state.name().replace("SERVER_STATE_", ""));
        if (state == ServerState.SERVER_STATE_READY) {
          return String.join(", ", seen);
        }
      }
    }
    throw new IllegalStateException("the stream ended");
  }
}
