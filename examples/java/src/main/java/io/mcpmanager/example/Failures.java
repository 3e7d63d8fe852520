package io.mcpmanager.example;

import static io.mcpmanager.example.Calls.call;
import static io.mcpmanager.example.Calls.textOf;
import static io.mcpmanager.example.Check.expect;

import com.google.protobuf.Duration;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.util.Structs;
import com.google.protobuf.util.Values;
import com.google.rpc.BadRequest; // com.google.api.grpc:proto-google-common-protos, which grpc-protobuf brings
import com.google.rpc.ErrorInfo;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import io.mcpmanager.v1.CallToolRequest;
import io.mcpmanager.v1.GetRequest;
import io.mcpmanager.v1.ManagerServiceGrpc;
import io.mcpmanager.v1.ManagerServiceGrpc.ManagerServiceBlockingStub;
import io.mcpmanager.v1.RestartRequest;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;

final class Failures {
  static final List<Check> ALL =
      List.of(
          new Check("tool error", Failures::toolError),
          new Check("refused arguments", Failures::refusedArguments),
          new Check("lost call", Failures::lostCall),
          new Check("deadline", Failures::deadline),
          new Check("cancel", Failures::cancel));

  /**
   * What an error of the manager says: its code, and the details that it carries.
   *
   * @param reason stable; docs/api.md lists them. Empty: the error is of the client's own making
   * @param delivery `not_sent`, `sent` or `answered`: whether repeating the call is safe
   * @param fields paths of the fields that break a rule
   */
  private record Failure(Status.Code code, String reason, String delivery, List<String> fields) {
    static Failure of(Exception error) throws InvalidProtocolBufferException {
      var info = ErrorInfo.getDefaultInstance();
      var fields = new ArrayList<String>();
      for (var detail : StatusProto.fromThrowable(error).getDetailsList()) {
        if (detail.is(ErrorInfo.class)) {
          info = detail.unpack(ErrorInfo.class);
        } else if (detail.is(BadRequest.class)) {
          for (var violation : detail.unpack(BadRequest.class).getFieldViolationsList()) {
            fields.add(violation.getField());
          }
        }
      }
      var delivery = info.getMetadataOrDefault("delivery", "");
      return new Failure(Status.fromThrowable(error).getCode(), info.getReason(), delivery, fields);
    }
  }

  private static final CallToolRequest WRONG_TYPE =
      call("get-sum").setArguments(Structs.of("a", Values.of("two"), "b", Values.of(3))).build();

  private static final CallToolRequest SLOW =
      call("trigger-long-running-operation")
          .setArguments(Structs.of("duration", Values.of(20), "steps", Values.of(1)))
          .build();

  /** A tool that failed has answered: the RPC succeeds. */
  private static String toolError(ManagerServiceBlockingStub manager) {
    var answer = manager.callTool(WRONG_TYPE);
    expect(answer.getIsError(), answer);
    return textOf(answer);
  }

  /** The manager checks the same arguments by the tool's schema, if asked to, and the tool is not called. */
  private static String refusedArguments(ManagerServiceBlockingStub manager) throws Exception {
    var request = WRONG_TYPE.toBuilder().setValidateArguments(true).build();
    var failure = failureOf(() -> manager.callTool(request));
    expect(failure.code == Status.Code.INVALID_ARGUMENT && failure.reason.equals("ARGUMENTS_REJECTED"), failure);
    expect(failure.delivery.equals("not_sent") && failure.fields.equals(List.of("arguments.a")), failure);
    return failure.toString();
  }

  /** The tool may have done its work: only the caller knows whether to call it again. */
  private static String lostCall(ManagerServiceBlockingStub manager) throws Exception {
    var call = ManagerServiceGrpc.newFutureStub(manager.getChannel()).callTool(SLOW);
    waitForCallsInFlight(manager, 1);
    var noGrace = Duration.getDefaultInstance();
    manager.restart(RestartRequest.newBuilder().setName("everything").setGracePeriod(noGrace).build());
    var failure = failureOf(call::get);
    expect(failure.code == Status.Code.ABORTED && failure.reason.equals("SERVER_RESTARTED"), failure);
    expect(failure.delivery.equals("sent"), failure);
    return failure.toString();
  }

  /** The client's own error has no reason; the manager's, if it comes first, has one. */
  private static String deadline(ManagerServiceBlockingStub manager) throws Exception {
    var failure = failureOf(() -> manager.withDeadlineAfter(500, TimeUnit.MILLISECONDS).callTool(SLOW));
    expect(failure.code == Status.Code.DEADLINE_EXCEEDED, failure);
    waitForCallsInFlight(manager, 0);
    return failure.toString();
  }

  private static String cancel(ManagerServiceBlockingStub manager) {
    var call = ManagerServiceGrpc.newFutureStub(manager.getChannel()).callTool(SLOW);
    waitForCallsInFlight(manager, 1);
    expect(call.cancel(true) && call.isCancelled(), call);
    waitForCallsInFlight(manager, 0);
    return "cancelled";
  }

  /** What a call fails with; throws when it does not. */
  private static Failure failureOf(Callable<?> call) throws Exception {
    try {
      call.call();
    } catch (StatusRuntimeException | ExecutionException error) { // of a stub that blocks; of a future
      return Failure.of(error);
    }
    throw new IllegalStateException("the call did not fail");
  }

  /** Waits until so many calls are with the server. */
  private static void waitForCallsInFlight(ManagerServiceBlockingStub manager, long calls) {
    var giveUp = Instant.now().plusSeconds(10);
    var request = GetRequest.newBuilder().setName("everything").build();
    while (manager.get(request).getServer().getCallsInFlight() != calls) {
      expect(Instant.now().isBefore(giveUp), "there were never " + calls + " calls in flight");
    }
  }
}
