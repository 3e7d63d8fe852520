package checks

import (
	"context"
	"fmt"
	"slices"
	"strings"

	pb "example.org/clients/gen/mcpmanager/v1"
)

// What a server offers besides tools.
var offers = []check{
	{"ListResources", listResources},
	{"ListResourceTemplates", listResourceTemplates},
	{"ReadResource", readResource},
	{"SubscribeResource", subscribeResource},
	{"ListPrompts", listPrompts},
	{"GetPrompt", getPrompt},
	{"Complete", complete},
	{"SetLogLevel", setLogLevel},
}

func listResources(ctx context.Context, client Client) (string, error) {
	answer, err := client.ListResources(ctx, &pb.ListResourcesRequest{Server: "everything"})
	if err != nil {
		return "", err
	}
	if len(answer.Resources) == 0 {
		return "", fmt.Errorf("got %v", answer)
	}
	return fmt.Sprintf("%d resources, the first %s", len(answer.Resources), answer.Resources[0].Name), nil
}

func listResourceTemplates(ctx context.Context, client Client) (string, error) {
	answer, err := client.ListResourceTemplates(ctx, &pb.ListResourceTemplatesRequest{Server: "everything"})
	if err != nil {
		return "", err
	}
	isBlob := func(template *pb.ResourceTemplate) bool {
		return template.UriTemplate == "demo://resource/dynamic/blob/{resourceId}"
	}
	if !slices.ContainsFunc(answer.ResourceTemplates, isBlob) {
		return "", fmt.Errorf("got %v", answer)
	}
	return fmt.Sprintf("%d templates", len(answer.ResourceTemplates)), nil
}

func readResource(ctx context.Context, client Client) (string, error) {
	request := &pb.ReadResourceRequest{Server: "everything", Uri: "demo://resource/dynamic/blob/1"}
	answer, err := client.ReadResource(ctx, request)
	if err != nil {
		return "", err
	}
	blob, is := answer.Contents[0].Contents.(*pb.ResourceContents_Blob)
	if !is {
		return "", fmt.Errorf("got %v", answer)
	}
	return string(blob.Blob), nil
}

func subscribeResource(ctx context.Context, client Client) (string, error) {
	ctx, leave := context.WithCancel(ctx)
	defer leave()
	request := &pb.SubscribeResourceRequest{Server: "hostile", Uri: "mem://note"}
	for event, err := range client.SubscribeResource(ctx, request) {
		if err != nil {
			return "", err
		}
		switch event := event.Event.(type) {
		case *pb.SubscribeResourceResponse_Updated:
			return event.Updated.Uri + " changed", nil
		case *pb.SubscribeResourceResponse_Subscribed:
			touch := toolCall("hostile", "touch", map[string]any{"uri": request.Uri})
			if _, err := client.CallTool(ctx, touch); err != nil {
				return "", err
			}
		}
	}
	return "", errStreamEnded
}

func listPrompts(ctx context.Context, client Client) (string, error) {
	answer, err := client.ListPrompts(ctx, &pb.ListPromptsRequest{Server: "everything"})
	if err != nil {
		return "", err
	}
	for _, prompt := range answer.Prompts {
		if prompt.Name == "args-prompt" && prompt.Arguments[0].Name == "city" && prompt.Arguments[0].Required {
			return fmt.Sprintf("%d prompts", len(answer.Prompts)), nil
		}
	}
	return "", fmt.Errorf("got %v", answer)
}

func getPrompt(ctx context.Context, client Client) (string, error) {
	answer, err := client.GetPrompt(ctx, &pb.GetPromptRequest{
		Server:    "everything",
		Prompt:    "args-prompt",
		Arguments: map[string]string{"city": "Paris"},
	})
	if err != nil {
		return "", err
	}
	text := answer.Messages[0].Content.GetText().GetText()
	if !strings.Contains(text, "Paris") {
		return "", fmt.Errorf("got %v", answer)
	}
	return answer.Messages[0].Role + ": " + text, nil
}

func complete(ctx context.Context, client Client) (string, error) {
	answer, err := client.Complete(ctx, &pb.CompleteRequest{
		Server:        "everything",
		Ref:           &pb.CompleteRequest_Prompt{Prompt: "completable-prompt"},
		ArgumentName:  "department",
		ArgumentValue: "E",
	})
	if err != nil {
		return "", err
	}
	if !slices.Equal(answer.Values, []string{"Engineering"}) {
		return "", fmt.Errorf("got %v", answer)
	}
	return "E becomes " + answer.Values[0], nil
}

func setLogLevel(ctx context.Context, client Client) (string, error) {
	request := &pb.SetLogLevelRequest{Server: "hostile", Level: pb.LogLevel_LOG_LEVEL_WARNING}
	if _, err := client.SetLogLevel(ctx, request); err != nil {
		return "", err
	}
	messages, err := received(ctx, client)
	if err != nil {
		return "", err
	}
	for _, message := range slices.Backward(messages) {
		if message.Method == "logging/setLevel" && message.Params.Level == "warning" {
			return "the server was told: warning", nil
		}
	}
	return "", fmt.Errorf("the server was not told")
}
