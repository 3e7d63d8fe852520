package io.mcpmanager.example;

import static io.mcpmanager.example.Calls.call;
import static io.mcpmanager.example.Check.expect;
import static io.mcpmanager.example.Received.waitUntil;

import com.google.protobuf.Struct;
import com.google.protobuf.util.Values;
import io.grpc.Status;
import io.mcpmanager.v1.CallToolRequest;
import io.mcpmanager.v1.GetInfoRequest;
import io.mcpmanager.v1.ManagerServiceGrpc;
import io.mcpmanager.v1.ManagerServiceGrpc.ManagerServiceBlockingStub;
import io.mcpmanager.v1.Mount;
import io.mcpmanager.v1.MountType;
import io.mcpmanager.v1.StartRequest;
import java.util.List;
import java.util.concurrent.TimeUnit;

final class Failures {
  static final List<Check> ALL =
      List.of(
          new Check("deadline", Failures::deadline),
          new Check("cancel", Failures::cancel),
          new Check("ErrorInfo", Failures::errorInfo),
          new Check("BadRequest", Failures::badRequest),
          new Check("validated arguments", Failures::validatedArguments),
          new Check("too large a request", Failures::tooLargeARequest));

  private static CallToolRequest never(String mark) {
    return call("hostile", "never", Struct.newBuilder().putFields("mark", Values.of(mark))).build();
  }

  private static String deadline(ManagerServiceBlockingStub manager) throws Exception {
    var failure =
        Failure.of(
            () -> manager.withDeadlineAfter(500, TimeUnit.MILLISECONDS).callTool(never("deadline")));
    expect(failure.code() == Status.Code.DEADLINE_EXCEEDED, failure);
    waitUntil(manager, "deadline", "cancelled");
    return failure + "; the server was told";
  }

  private static String cancel(ManagerServiceBlockingStub manager) {
    var call = ManagerServiceGrpc.newFutureStub(manager.getChannel()).callTool(never("cancel"));
    waitUntil(manager, "cancel", "running");
    expect(call.cancel(true) && call.isCancelled(), call);
    waitUntil(manager, "cancel", "cancelled");
    return "cancelled; the server was told";
  }

  private static String errorInfo(ManagerServiceBlockingStub manager) throws Exception {
    var arguments =
        Struct.newBuilder().putFields("code", Values.of(7)).putFields("stderr", Values.of("out of luck"));
    var failure = Failure.of(() -> manager.callTool(call("hostile", "exit", arguments).build()));
    expect(failure.code() == Status.Code.ABORTED && failure.reason().equals("SERVER_EXITED"), failure);
    expect(failure.delivery().equals("sent") && failure.metadata().get("exit_code").equals("7"), failure);
    var stderr = failure.metadata().get("stderr_tail").lines().toList();
    return failure + "; exit code 7, stderr: " + stderr.get(stderr.size() - 1);
  }

  private static String badRequest(ManagerServiceBlockingStub manager) throws Exception {
    var mount =
        Mount.newBuilder().setType(MountType.MOUNT_TYPE_VOLUME).setSource("data").setTarget("not/absolute");
    var spec = Specs.EVERYTHING.toBuilder().addMounts(mount);
    var request = StartRequest.newBuilder().setName("other").setSpec(spec).build();
    var failure = Failure.of(() -> manager.start(request));
    expect(failure.code() == Status.Code.INVALID_ARGUMENT, failure);
    expect(failure.fields().equals(List.of("spec.mounts[0].target")), failure);
    return failure.toString();
  }

  private static String validatedArguments(ManagerServiceBlockingStub manager) throws Exception {
    var arguments = Struct.newBuilder().putFields("a", Values.of("two")).putFields("b", Values.of(3));
    var request = call("everything", "get-sum", arguments).setValidateArguments(true).build();
    var failure = Failure.of(() -> manager.callTool(request));
    expect(failure.code() == Status.Code.INVALID_ARGUMENT && failure.delivery().equals("not_sent"), failure);
    expect(failure.fields().equals(List.of("arguments.a")), failure);
    return failure.toString();
  }

  private static String tooLargeARequest(ManagerServiceBlockingStub manager) throws Exception {
    var limits = manager.getInfo(GetInfoRequest.getDefaultInstance()).getLimits();
    var message = "x".repeat((int) limits.getMaxRequestBytes());
    var arguments = Struct.newBuilder().putFields("message", Values.of(message));
    var failure = Failure.of(() -> manager.callTool(call("everything", "echo", arguments).build()));
    expect(failure.code() == Status.Code.RESOURCE_EXHAUSTED, failure);
    expect(failure.reason().equals("MESSAGE_TOO_LARGE"), failure);
    return failure.toString();
  }
}
