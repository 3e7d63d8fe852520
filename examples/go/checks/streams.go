package checks

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"google.golang.org/protobuf/proto"

	pb "example.org/clients/gen/mcpmanager/v1"
)

var streams = []check{
	{"Logs", logs},
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
