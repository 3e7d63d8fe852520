package checks

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	pb "example.org/clients/gen/mcpmanager/v1"
)

// message is one that reached the test server `hostile`.
type message struct {
	ID     any
	Method string
	Params struct {
		Arguments struct{ Mark string }
		RequestID any
		Level     string
	}
}

// received asks the test server, which has kept every message.
func received(ctx context.Context, client Client) ([]message, error) {
	answer, err := client.CallTool(ctx, &pb.CallToolRequest{Server: "hostile", Tool: "received"})
	if err != nil {
		return nil, err
	}
	// A Value becomes JSON, and JSON a struct of one's own.
	content, err := answer.GetStructuredContent().MarshalJSON()
	if err != nil {
		return nil, err
	}
	var kept struct{ Messages []message }
	err = json.Unmarshal(content, &kept)
	return kept.Messages, err
}

// fateOf says what became of the last call with this mark among its arguments.
func fateOf(ctx context.Context, client Client, mark string) (string, error) {
	messages, err := received(ctx, client)
	if err != nil {
		return "", err
	}
	var id any
	fate := "unknown"
	for _, message := range messages {
		switch {
		case message.Params.Arguments.Mark == mark:
			id, fate = message.ID, "running"
		case message.Method == "notifications/cancelled" && message.Params.RequestID == id:
			fate = "cancelled"
		}
	}
	return fate, nil
}

// untilFate waits until that became of the call, for 10 s.
func untilFate(ctx context.Context, client Client, mark, fate string) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	for {
		now, err := fateOf(ctx, client, mark)
		if err != nil {
			return fmt.Errorf("the call never was %s: %w", fate, err)
		}
		if now == fate {
			return nil
		}
	}
}
