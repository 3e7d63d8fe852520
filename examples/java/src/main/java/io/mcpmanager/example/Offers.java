package io.mcpmanager.example;

import static io.mcpmanager.example.Calls.call;
import static io.mcpmanager.example.Check.expect;

import com.google.protobuf.Struct;
import com.google.protobuf.util.Values;
import io.mcpmanager.v1.CompleteRequest;
import io.mcpmanager.v1.GetPromptRequest;
import io.mcpmanager.v1.ListPromptsRequest;
import io.mcpmanager.v1.ListResourceTemplatesRequest;
import io.mcpmanager.v1.ListResourcesRequest;
import io.mcpmanager.v1.LogLevel;
import io.mcpmanager.v1.ManagerServiceGrpc.ManagerServiceBlockingStub;
import io.mcpmanager.v1.ReadResourceRequest;
import io.mcpmanager.v1.SetLogLevelRequest;
import io.mcpmanager.v1.SubscribeResourceRequest;
import java.util.List;

/** What a server offers besides tools. */
final class Offers {
  static final List<Check> ALL =
      List.of(
          new Check("ListResources", Offers::listResources),
          new Check("ListResourceTemplates", Offers::listResourceTemplates),
          new Check("ReadResource", Offers::readResource),
          new Check("SubscribeResource", manager -> Streams.untilDone(() -> subscribeResource(manager))),
          new Check("ListPrompts", Offers::listPrompts),
          new Check("GetPrompt", Offers::getPrompt),
          new Check("Complete", Offers::complete),
          new Check("SetLogLevel", Offers::setLogLevel));

  private static String listResources(ManagerServiceBlockingStub manager) {
    var request = ListResourcesRequest.newBuilder().setServer("everything").build();
    var resources = manager.listResources(request).getResourcesList();
    return "%d resources, the first %s".formatted(resources.size(), resources.get(0).getName());
  }

  private static String listResourceTemplates(ManagerServiceBlockingStub manager) {
    var request = ListResourceTemplatesRequest.newBuilder().setServer("everything").build();
    var templates = manager.listResourceTemplates(request).getResourceTemplatesList();
    expect(
        templates.stream().anyMatch(it -> it.getUriTemplate().equals("demo://resource/dynamic/blob/{resourceId}")),
        templates);
    return templates.size() + " templates";
  }

  private static String readResource(ManagerServiceBlockingStub manager) {
    var uri = "demo://resource/dynamic/blob/1";
    var request = ReadResourceRequest.newBuilder().setServer("everything").setUri(uri).build();
    var contents = manager.readResource(request).getContents(0);
    expect(contents.hasBlob(), contents);
    return contents.getBlob().toStringUtf8();
  }

  private static String subscribeResource(ManagerServiceBlockingStub manager) {
    var uri = "mem://note";
    var request = SubscribeResourceRequest.newBuilder().setServer("hostile").setUri(uri).build();
    var events = manager.subscribeResource(request);
    while (events.hasNext()) {
      var event = events.next();
      if (event.hasUpdated()) {
        return event.getUpdated().getUri() + " changed";
      } else if (event.hasSubscribed()) {
        var arguments = Struct.newBuilder().putFields("uri", Values.of(uri));
        manager.callTool(call("hostile", "touch", arguments).build());
      }
    }
    throw new IllegalStateException("the stream ended");
  }

  private static String listPrompts(ManagerServiceBlockingStub manager) {
    var request = ListPromptsRequest.newBuilder().setServer("everything").build();
    var prompts = manager.listPrompts(request).getPromptsList();
    var prompt = prompts.stream().filter(it -> it.getName().equals("args-prompt")).findFirst().orElseThrow();
    expect(prompt.getArguments(0).getName().equals("city") && prompt.getArguments(0).getRequired(), prompt);
    return prompts.size() + " prompts";
  }

  private static String getPrompt(ManagerServiceBlockingStub manager) {
    var request =
        GetPromptRequest.newBuilder()
            .setServer("everything")
            .setPrompt("args-prompt")
            .putArguments("city", "Paris")
            .build();
    var message = manager.getPrompt(request).getMessages(0);
    var text = message.getContent().getText().getText();
    expect(text.contains("Paris"), message);
    return message.getRole() + ": " + text;
  }

  private static String complete(ManagerServiceBlockingStub manager) {
    var request =
        CompleteRequest.newBuilder()
            .setServer("everything")
            .setPrompt("completable-prompt")
            .setArgumentName("department")
            .setArgumentValue("E")
            .build();
    var values = manager.complete(request).getValuesList();
    expect(List.copyOf(values).equals(List.of("Engineering")), values);
    return "E becomes " + String.join(", ", values);
  }

  private static String setLogLevel(ManagerServiceBlockingStub manager) {
    manager.setLogLevel(
        SetLogLevelRequest.newBuilder().setServer("hostile").setLevel(LogLevel.LOG_LEVEL_WARNING).build());
    var levels =
        Received.messages(manager).stream()
            .filter(message -> Values.of("logging/setLevel").equals(Received.at(message, "method")))
            .map(message -> Received.at(message, "params", "level").getStringValue())
            .toList();
    expect(!levels.isEmpty() && levels.get(levels.size() - 1).equals("warning"), levels);
    return "the server was told: warning";
  }
}
