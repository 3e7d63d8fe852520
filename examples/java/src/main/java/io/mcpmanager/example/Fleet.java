package io.mcpmanager.example;

import static io.mcpmanager.example.Check.expect;

import com.google.protobuf.Duration;
import io.mcpmanager.v1.GetInfoRequest;
import io.mcpmanager.v1.GetRequest;
import io.mcpmanager.v1.ListRequest;
import io.mcpmanager.v1.ManagerServiceGrpc.ManagerServiceBlockingStub;
import io.mcpmanager.v1.RestartRequest;
import io.mcpmanager.v1.Server;
import io.mcpmanager.v1.ServerSpec;
import io.mcpmanager.v1.ServerState;
import io.mcpmanager.v1.StartRequest;
import io.mcpmanager.v1.StopRequest;
import java.util.ArrayList;
import java.util.List;

final class Fleet {
  /** What comes first: nothing can be called before it is started. */
  static final List<Check> STARTING =
      List.of(
          new Check("GetInfo", Fleet::getInfo),
          new Check("Start", Fleet::start),
          new Check("Start again", Fleet::startAgain),
          new Check("Get", Fleet::get),
          new Check("List", Fleet::list),
          new Check("Restart", Fleet::restart));

  static final List<Check> STOPPING = List.of(new Check("Stop", Fleet::stop));

  private static String getInfo(ManagerServiceBlockingStub manager) {
    var info = manager.getInfo(GetInfoRequest.getDefaultInstance());
    expect(info.getLimits().getMaxRequestBytes() > 0, info);
    expect(info.getFeaturesList().contains("idempotency_key"), info);
    return "%s on %s %s".formatted(info.getVersion(), info.getRuntime(), info.getEngineVersion());
  }

  private static String start(ManagerServiceBlockingStub manager) {
    var hostile = start(manager, "hostile", Specs.HOSTILE);
    var everything = start(manager, "everything", Specs.EVERYTHING);
    expect(hostile.getState() == ServerState.SERVER_STATE_READY, hostile);
    return "%s and %s are ready".formatted(hostile.getName(), everything.getMcp().getServerName());
  }

  private static Server start(ManagerServiceBlockingStub manager, String name, ServerSpec spec) {
    return manager.start(StartRequest.newBuilder().setName(name).setSpec(spec).build()).getServer();
  }

  private static Server get(ManagerServiceBlockingStub manager, String name) {
    return manager.get(GetRequest.newBuilder().setName(name).build()).getServer();
  }

  private static String startAgain(ManagerServiceBlockingStub manager) {
    var before = get(manager, "everything").getInstances(0);
    var after = start(manager, "everything", Specs.EVERYTHING).getInstances(0);
    expect(after.getContainerId().equals(before.getContainerId()), after);
    return "the same container";
  }

  private static String get(ManagerServiceBlockingStub manager) throws Exception {
    var server = get(manager, "everything");
    expect(server.getSpec().getImage().equals(Specs.EVERYTHING.getImage()), server);
    var capabilities = Calls.parse(server.getMcp().getCapabilitiesJson());
    expect(capabilities.containsFields("tools"), capabilities);
    return "MCP " + server.getMcp().getProtocolVersion();
  }

  private static String list(ManagerServiceBlockingStub manager) {
    var names = new ArrayList<String>();
    var request = ListRequest.newBuilder().setPageSize(1);
    do {
      var page = manager.list(request.build());
      page.getServersList().forEach(server -> names.add(server.getName()));
      request.setPageToken(page.getNextPageToken());
    } while (!request.getPageToken().isEmpty());
    expect(names.equals(List.of("everything", "hostile")), names);
    return String.join(", ", names) + " in pages of one";
  }

  private static String restart(ManagerServiceBlockingStub manager) {
    var before = get(manager, "everything").getInstances(0);
    var grace = Duration.newBuilder().setSeconds(5);
    var request = RestartRequest.newBuilder().setName("everything").setGracePeriod(grace).build();
    var after = manager.restart(request).getServer().getInstances(0);
    expect(after.getContainerId().equals(before.getContainerId()), after);
    expect(!after.getStartTime().equals(before.getStartTime()), after);
    return "a new process in the same container";
  }

  private static String stop(ManagerServiceBlockingStub manager) throws Exception {
    var request = StopRequest.newBuilder().setName("everything").build();
    var first = manager.stop(request);
    var second = manager.stop(request);
    // Killed at once.
    manager.stop(
        StopRequest.newBuilder().setName("hostile").setGracePeriod(Duration.getDefaultInstance()).build());
    expect(first.getFound() && !second.getFound(), second);
    var gone = Failure.of(() -> get(manager, "everything"));
    expect(gone.reason().equals("SERVER_NOT_FOUND") && gone.delivery().equals("not_sent"), gone);
    return "then Get says " + gone;
  }
}
