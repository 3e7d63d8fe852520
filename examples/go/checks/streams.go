package checks

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	pb "example.org/clients/gen/mcpmanager/v1"
)

var streams = []check{
	{"CallToolStream", callToolStream},
	{"result in pieces", resultInPieces},
	{"Watch", watch},
}

func callToolStream(ctx context.Context, manager Manager) (string, error) {
	arguments := asStruct(map[string]any{"duration": 0.2, "steps": 2})
	request := &pb.CallToolStreamRequest{
		Server: "everything",
		Tool:   "trigger-long-running-operation",
		Input:  &pb.CallToolStreamRequest_Arguments{Arguments: arguments},
	}
	var seen []string
	for event, err := range manager.CallToolStream(ctx, request) {
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
	return strings.Join(seen, ", "), expect(len(seen) == 3 && seen[1] == "2 of 2", seen)
}

// Below the limit of every client, whatever the size of the result.
func resultInPieces(ctx context.Context, manager Manager) (string, error) {
	message := strings.Repeat("x", 5_000_000)
	request := &pb.CallToolStreamRequest{
		Server: "everything",
		Tool:   "echo",
		Input:  &pb.CallToolStreamRequest_Arguments{Arguments: asStruct(map[string]any{"message": message})},
	}
	var text []byte
	pieces := 0
	for event, err := range manager.CallToolStream(ctx, request) {
		if err != nil {
			return "", err
		}
		if piece := event.GetResultChunk(); piece != nil {
			text = append(text, piece.ResultJson...)
			pieces++
		}
	}
	var result toolResult
	if err := json.Unmarshal(text, &result); err != nil {
		return "", err
	}
	return fmt.Sprintf("5 MB in %d", pieces), expect(pieces > 1 && result.Content[0].Text == "Echo: "+message, pieces)
}

// A subscription: what there is, then every change, until the caller leaves.
func watch(ctx context.Context, manager Manager) (string, error) {
	ctx, leave := context.WithCancel(ctx)
	defer leave() // ends the stream
	var seen []string
	for event, err := range manager.Watch(ctx, &pb.WatchRequest{}) {
		if err != nil {
			return "", err
		}
		switch event := event.Event.(type) {
		case *pb.WatchResponse_Snapshot:
			seen = append(seen, fmt.Sprintf("%d server", len(event.Snapshot.Servers)))
			if _, err := manager.Restart(ctx, &pb.RestartRequest{Name: "everything"}); err != nil {
				return "", err
			}
		case *pb.WatchResponse_Change:
			state := event.Change.Server.State
			seen = append(seen, strings.TrimPrefix(state.String(), "SERVER_STATE_"))
			if state == pb.ServerState_SERVER_STATE_READY {
				return strings.Join(seen, ", "), nil
			}
		}
	}
	return "", errors.New("the stream ended")
}
