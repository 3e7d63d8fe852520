package checks

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"google.golang.org/protobuf/proto"

	pb "example.org/clients/gen/mcpmanager/v1"
)

var streams = []check{
	{"Logs", logs},
	{"CallToolStream", callToolStream},
	{"result in pieces", resultInPieces},
	{"Watch", watch},
}

var errStreamEnded = errors.New("the stream ended")

func logs(ctx context.Context, client Client) (string, error) {
	ctx, leave := context.WithCancel(ctx)
	defer leave() // ends the stream
	request := &pb.LogsRequest{
		Server:  "hostile",
		Follow:  true,
		Tail:    proto.Int32(0),
		Sources: []pb.LogSource{pb.LogSource_LOG_SOURCE_STDERR},
	}
	for event, err := range client.Logs(ctx, request) {
		if err != nil {
			return "", err
		}
		if line := event.GetLine(); line != nil {
			return "followed: " + line.Text, nil
		}
		// The first event comes at once: from here on no line is missed.
		say := toolCall("hostile", "stderr", map[string]any{"text": "a line on stderr"})
		if _, err := client.CallTool(ctx, say); err != nil {
			return "", err
		}
	}
	return "", errStreamEnded
}

// streamCall is the call of CallTool as one of CallToolStream.
func streamCall(call *pb.CallToolRequest) *pb.CallToolStreamRequest {
	return &pb.CallToolStreamRequest{
		Server: call.Server,
		Tool:   call.Tool,
		Input:  &pb.CallToolStreamRequest_Arguments{Arguments: call.GetArguments()},
	}
}

func callToolStream(ctx context.Context, client Client) (string, error) {
	call := toolCall("everything", "trigger-long-running-operation", map[string]any{"duration": 1, "steps": 2})
	var seen []string
	for event, err := range client.CallToolStream(ctx, streamCall(call)) {
		if err != nil {
			return "", err
		}
		switch event := event.Event.(type) {
		case *pb.CallToolStreamResponse_Progress:
			seen = append(seen, fmt.Sprintf("%v of %v", event.Progress.Progress, event.Progress.GetTotal()))
		case *pb.CallToolStreamResponse_Result:
			seen = append(seen, textOf(event.Result))
		}
	}
	if len(seen) != 3 || seen[1] != "2 of 2" {
		return "", fmt.Errorf("got %q", seen)
	}
	return strings.Join(seen, ", "), nil
}

func resultInPieces(ctx context.Context, client Client) (string, error) {
	call := toolCall("hostile", "large", map[string]any{"bytes": 5_000_000})
	var text []byte
	pieces := 0
	for event, err := range client.Default.CallToolStream(ctx, streamCall(call)) {
		if err != nil {
			return "", err
		}
		if piece := event.GetResultChunk(); piece != nil {
			text = append(text, piece.ResultJson...)
			pieces++
		}
	}
	var result struct{ Content []struct{ Text string } }
	if err := json.Unmarshal(text, &result); err != nil {
		return "", err
	}
	if len(result.Content[0].Text) != 5_000_000 {
		return "", fmt.Errorf("%d characters", len(result.Content[0].Text))
	}
	return fmt.Sprintf("5 MB in %d, below every client's limit", pieces), nil
}

func watch(ctx context.Context, client Client) (string, error) {
	ctx, leave := context.WithCancel(ctx)
	defer leave()
	var seen []string
	restarted := make(chan error, 1)
	for event, err := range client.Watch(ctx, &pb.WatchRequest{}) {
		if err != nil {
			return "", err
		}
		switch event := event.Event.(type) {
		case *pb.WatchResponse_Snapshot:
			seen = append(seen, fmt.Sprintf("%d servers", len(event.Snapshot.Servers)))
			go func() {
				_, err := client.Restart(ctx, &pb.RestartRequest{Name: "everything"})
				restarted <- err
			}()
		case *pb.WatchResponse_Change:
			state := event.Change.Server.State
			seen = append(seen, strings.TrimPrefix(state.String(), "SERVER_STATE_"))
			if state == pb.ServerState_SERVER_STATE_READY {
				return strings.Join(seen, ", "), <-restarted
			}
		}
	}
	return "", errStreamEnded
}
