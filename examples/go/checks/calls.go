package checks

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/structpb"

	pb "example.org/clients/gen/mcpmanager/v1"
)

// Combined emoji, a no-break space, right-to-left scripts, a character beyond the BMP, a combining accent.
const text = "👩‍👩‍👧 a\u00a0b שלום مرحبا 𝒳 e\u0301 日本"

// No double is 2^53 + 1, and a Struct holds doubles.
const big = "9007199254740993"

var calls = []check{
	{"ListTools", listTools},
	{"CallTool", callTool},
	{"structured content", structuredContent},
	{"a picture", aPicture},
	{"a tool's failure", aToolsFailure},
	{"non-ASCII text", nonASCIIText},
	{"idempotency key", idempotencyKey},
	{"big integers", bigIntegers},
	{"3 MB result", resultOf3MB},
	{"5 MB result", resultOf5MB},
	{"8 MB request", requestOf8MB},
}

// toolCall is a call with arguments as a Struct.
func toolCall(server, tool string, arguments map[string]any) *pb.CallToolRequest {
	fields, err := structpb.NewStruct(arguments)
	if err != nil {
		panic(err) // a value that JSON does not have
	}
	return &pb.CallToolRequest{
		Server: server,
		Tool:   tool,
		Input:  &pb.CallToolRequest_Arguments{Arguments: fields},
	}
}

func textOf(answer *pb.CallToolResponse) string {
	var text strings.Builder
	for _, block := range answer.Content {
		text.WriteString(block.GetText().GetText()) // "" for another kind
	}
	return text.String()
}

func listTools(ctx context.Context, client Client) (string, error) {
	answer, err := client.ListTools(ctx, &pb.ListToolsRequest{Server: "everything"})
	if err != nil {
		return "", err
	}
	for _, tool := range answer.Tools {
		if tool.Name == "echo" && json.Valid([]byte(tool.InputSchemaJson)) {
			return fmt.Sprintf("%d tools", len(answer.Tools)), nil
		}
	}
	return "", fmt.Errorf("no echo with a schema: %v", answer.Tools)
}

func callTool(ctx context.Context, client Client) (string, error) {
	answer, err := client.CallTool(ctx, toolCall("everything", "get-sum", map[string]any{"a": 2, "b": 3}))
	if err != nil {
		return "", err
	}
	if !strings.Contains(textOf(answer), "5") {
		return "", fmt.Errorf("got %v", answer)
	}
	return textOf(answer), nil
}

func structuredContent(ctx context.Context, client Client) (string, error) {
	request := toolCall("everything", "get-structured-content", map[string]any{"location": "Chicago"})
	answer, err := client.CallTool(ctx, request)
	if err != nil {
		return "", err
	}
	content := answer.GetStructuredContent()
	if content == nil {
		return "", fmt.Errorf("got %v", answer)
	}
	return fmt.Sprint(content.AsInterface()), nil
}

func aPicture(ctx context.Context, client Client) (string, error) {
	answer, err := client.CallTool(ctx, &pb.CallToolRequest{Server: "everything", Tool: "get-tiny-image"})
	if err != nil {
		return "", err
	}
	for _, block := range answer.Content {
		if image := block.GetImage(); image != nil && bytes.HasPrefix(image.Data, []byte("\x89PNG")) {
			return fmt.Sprintf("%d bytes of %s", len(image.Data), image.MimeType), nil
		}
	}
	return "", fmt.Errorf("no PNG: %v", answer)
}

func aToolsFailure(ctx context.Context, client Client) (string, error) {
	answer, err := client.CallTool(ctx, &pb.CallToolRequest{Server: "hostile", Tool: "fail"})
	if err != nil {
		return "", err
	}
	if !answer.IsError {
		return "", fmt.Errorf("got %v", answer)
	}
	return "is_error: " + textOf(answer), nil
}

func nonASCIIText(ctx context.Context, client Client) (string, error) {
	answer, err := client.CallTool(ctx, toolCall("hostile", "echo", map[string]any{"text": text}))
	if err != nil {
		return "", err
	}
	if textOf(answer) != text {
		return "", fmt.Errorf("became %q", textOf(answer))
	}
	return text, nil
}

func idempotencyKey(ctx context.Context, client Client) (string, error) {
	mark := rand.Text()
	request := toolCall("hostile", "echo", map[string]any{"text": "once", "mark": mark})
	request.IdempotencyKey = mark
	failed := make(chan error, 2)
	for range cap(failed) {
		go func() {
			_, err := client.CallTool(ctx, request)
			failed <- err
		}()
	}
	if err := errors.Join(<-failed, <-failed); err != nil {
		return "", err
	}
	messages, err := received(ctx, client)
	if err != nil {
		return "", err
	}
	calls := 0
	for _, message := range messages {
		if message.Params.Arguments.Mark == mark {
			calls++
		}
	}
	if calls != 1 {
		return "", fmt.Errorf("called %d times", calls)
	}
	return "two callers, one call", nil
}

func bigIntegers(ctx context.Context, client Client) (string, error) {
	line, err := client.CallTool(ctx, &pb.CallToolRequest{
		Server: "hostile",
		Tool:   "line",
		Input:  &pb.CallToolRequest_ArgumentsJson{ArgumentsJson: `{"n":` + big + `}`},
	})
	if err != nil {
		return "", err
	}
	if !strings.Contains(textOf(line), `"arguments":{"n":`+big+`}`) {
		return "", fmt.Errorf("sent as %s", textOf(line))
	}

	result := `{"content":[],"structuredContent":{"n":` + big + `}}`
	request := toolCall("hostile", "raw", map[string]any{"json": result})
	typed, err := client.CallTool(ctx, request)
	if err != nil {
		return "", err
	}
	if typed.GetStructuredContentJson() != `{"n":`+big+`}` {
		return "", fmt.Errorf("came as %v", typed)
	}
	request.ResultFormat = pb.ResultFormat_RESULT_FORMAT_JSON
	answer, err := client.CallTool(ctx, request)
	if err != nil {
		return "", err
	}
	if answer.ResultJson != result {
		return "", fmt.Errorf("came as %s", answer.ResultJson)
	}
	return big + ", there and back", nil
}

func resultOf3MB(ctx context.Context, client Client) (string, error) {
	return "within every client's default limit", expectLarge(ctx, client.Default, 3_000_000)
}

func resultOf5MB(ctx context.Context, client Client) (string, error) {
	if client.DefaultLimit == 0 {
		return "no limit by default", expectLarge(ctx, client.Default, 5_000_000)
	}
	refused := readFailure(client, expectLarge(ctx, client.Default, 5_000_000))
	if err := expectFailure(refused, codes.ResourceExhausted, ""); err != nil {
		return "", err
	}
	return fmt.Sprintf("by default %v; with a higher limit it comes", refused), expectLarge(ctx, client, 5_000_000)
}

func expectLarge(ctx context.Context, manager Manager, size int) error {
	answer, err := manager.CallTool(ctx, toolCall("hostile", "large", map[string]any{"bytes": size}))
	if err != nil {
		return err
	}
	if len(textOf(answer)) != size {
		return fmt.Errorf("%d characters", len(textOf(answer)))
	}
	return nil
}

func requestOf8MB(ctx context.Context, client Client) (string, error) {
	message := strings.Repeat("x", 8_000_000)
	answer, err := client.CallTool(ctx, toolCall("everything", "echo", map[string]any{"message": message}))
	if err != nil {
		return "", err
	}
	if !strings.HasSuffix(textOf(answer), message) {
		return "", fmt.Errorf("%d characters", len(textOf(answer)))
	}
	return "there and back", nil
}
