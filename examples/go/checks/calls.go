package checks

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"google.golang.org/protobuf/types/known/structpb"

	pb "example.org/clients/gen/mcpmanager/v1"
)

var calls = []check{
	{"CallTool", callTool},
	{"structured content", structuredContent},
	{"JSON form", jsonForm},
	{"large result", largeResult},
}

func callTool(ctx context.Context, manager Manager) (string, error) {
	answer, err := manager.CallTool(ctx, toolCall("get-sum", map[string]any{"a": 2, "b": 3}))
	if err != nil {
		return "", err
	}
	return textOf(answer), expect(textOf(answer) == "The sum of 2 and 3 is 5.", answer)
}

func structuredContent(ctx context.Context, manager Manager) (string, error) {
	answer, err := manager.CallTool(ctx, toolCall("get-structured-content", map[string]any{"location": "Chicago"}))
	if err != nil {
		return "", err
	}
	// GetStructuredContentJson is the other case: JSON that a Value can't hold, such as an integer beyond 2^53.
	weather, is := answer.GetStructuredContent().AsInterface().(map[string]any)
	return fmt.Sprint(weather), expect(is && weather["temperature"] == 36.0, answer)
}

// Arguments and result as JSON text, in which no number is rounded.
func jsonForm(ctx context.Context, manager Manager) (string, error) {
	message := "👩‍👩‍👧 a\u00a0b שלום 𝒳 e\u0301"
	arguments, err := json.Marshal(map[string]string{"message": message})
	if err != nil {
		return "", err
	}
	answer, err := manager.CallTool(ctx, &pb.CallToolRequest{
		Server:       "everything",
		Tool:         "echo",
		Input:        &pb.CallToolRequest_ArgumentsJson{ArgumentsJson: string(arguments)},
		ResultFormat: pb.ResultFormat_RESULT_FORMAT_JSON,
	})
	if err != nil {
		return "", err
	}
	var result toolResult
	if err := json.Unmarshal([]byte(answer.ResultJson), &result); err != nil {
		return "", err
	}
	return answer.ResultJson, expect(result.Content[0].Text == "Echo: "+message, answer)
}

// Above the limit that grpc-go has by default.
func largeResult(ctx context.Context, manager Manager) (string, error) {
	message := strings.Repeat("x", 5_000_000)
	answer, err := manager.CallTool(ctx, toolCall("echo", map[string]any{"message": message}))
	if err != nil {
		return "", err
	}
	return "5 MB", expect(textOf(answer) == "Echo: "+message, len(textOf(answer)))
}

// toolCall is a call with arguments as a Struct.
func toolCall(tool string, arguments map[string]any) *pb.CallToolRequest {
	return &pb.CallToolRequest{
		Server: "everything",
		Tool:   tool,
		Input:  &pb.CallToolRequest_Arguments{Arguments: asStruct(arguments)},
	}
}

func asStruct(arguments map[string]any) *structpb.Struct {
	fields, err := structpb.NewStruct(arguments)
	if err != nil {
		panic(err) // a value that JSON does not have
	}
	return fields
}

func textOf(answer *pb.CallToolResponse) string {
	var text strings.Builder
	for _, block := range answer.Content {
		text.WriteString(block.GetText().GetText()) // "" for another kind
	}
	return text.String()
}

// toolResult is what is read of a result in JSON.
type toolResult struct{ Content []struct{ Text string } }
