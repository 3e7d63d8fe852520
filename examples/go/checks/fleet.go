package checks

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	pb "example.org/clients/gen/mcpmanager/v1"
)

// MCP's reference server: one of each that the protocol has. Built here by `make build`.
var everything = &pb.ServerSpec{
	Image:      "mcp/everything:latest",
	PullPolicy: pb.PullPolicy_PULL_POLICY_NEVER,
}

// A test server whose tools never answer, exit, or tell what reached them, with a resource to subscribe to.
var hostile = &pb.ServerSpec{
	Image:      "mcpm-test/servers:latest",
	Args:       []string{"hostile.mjs", "--offers"},
	PullPolicy: pb.PullPolicy_PULL_POLICY_NEVER,
}

// What comes first: nothing can be called before it is started.
var starting = []check{
	{"GetInfo", getInfo},
	{"Start", start},
	{"Start again", startAgain},
	{"Get", get},
	{"List", list},
	{"Restart", restart},
}

var stopping = []check{{"Stop", stop}}

func getInfo(ctx context.Context, client Client) (string, error) {
	info, err := client.GetInfo(ctx, &pb.GetInfoRequest{})
	if err != nil {
		return "", err
	}
	if info.GetLimits().GetMaxRequestBytes() <= 0 {
		return "", fmt.Errorf("no limits: %v", info)
	}
	if !slices.Contains(info.Features, "idempotency_key") {
		return "", fmt.Errorf("features: %v", info.Features)
	}
	return fmt.Sprintf("%s on %s %s", info.Version, info.Runtime, info.EngineVersion), nil
}

func start(ctx context.Context, client Client) (string, error) {
	first, err := client.Start(ctx, &pb.StartRequest{Name: "hostile", Spec: hostile})
	if err != nil {
		return "", err
	}
	second, err := client.Start(ctx, &pb.StartRequest{Name: "everything", Spec: everything})
	if err != nil {
		return "", err
	}
	if first.Server.State != pb.ServerState_SERVER_STATE_READY {
		return "", fmt.Errorf("hostile is %v", first.Server.State)
	}
	return fmt.Sprintf("%s and %s are ready", first.Server.Name, second.Server.Mcp.ServerName), nil
}

func startAgain(ctx context.Context, client Client) (string, error) {
	before, err := client.Get(ctx, &pb.GetRequest{Name: "everything"})
	if err != nil {
		return "", err
	}
	again, err := client.Start(ctx, &pb.StartRequest{Name: "everything", Spec: everything})
	if err != nil {
		return "", err
	}
	if again.Server.Instances[0].ContainerId != before.Server.Instances[0].ContainerId {
		return "", fmt.Errorf("another container: %v", again.Server)
	}
	return "the same container", nil
}

func get(ctx context.Context, client Client) (string, error) {
	answer, err := client.Get(ctx, &pb.GetRequest{Name: "everything"})
	if err != nil {
		return "", err
	}
	var capabilities map[string]any
	if err := json.Unmarshal([]byte(answer.Server.Mcp.CapabilitiesJson), &capabilities); err != nil {
		return "", err
	}
	if answer.Server.Spec.Image != everything.Image || capabilities["tools"] == nil {
		return "", fmt.Errorf("got %v", answer.Server)
	}
	return "MCP " + answer.Server.Mcp.ProtocolVersion, nil
}

func list(ctx context.Context, client Client) (string, error) {
	var names []string
	request := &pb.ListRequest{PageSize: 1}
	for {
		page, err := client.List(ctx, request)
		if err != nil {
			return "", err
		}
		for _, server := range page.Servers {
			names = append(names, server.Name)
		}
		if page.NextPageToken == "" {
			break
		}
		request.PageToken = page.NextPageToken
	}
	if !slices.Equal(names, []string{"everything", "hostile"}) {
		return "", fmt.Errorf("listed %v", names)
	}
	return strings.Join(names, ", ") + " in pages of one", nil
}

func restart(ctx context.Context, client Client) (string, error) {
	before, err := client.Get(ctx, &pb.GetRequest{Name: "everything"})
	if err != nil {
		return "", err
	}
	request := &pb.RestartRequest{Name: "everything", GracePeriod: durationpb.New(5 * time.Second)}
	after, err := client.Restart(ctx, request)
	if err != nil {
		return "", err
	}
	old, now := before.Server.Instances[0], after.Server.Instances[0]
	if old.ContainerId != now.ContainerId || proto.Equal(old.StartTime, now.StartTime) {
		return "", fmt.Errorf("from %v to %v", old, now)
	}
	return "a new process in the same container", nil
}

func stop(ctx context.Context, client Client) (string, error) {
	first, err := client.Stop(ctx, &pb.StopRequest{Name: "everything"})
	if err != nil {
		return "", err
	}
	second, err := client.Stop(ctx, &pb.StopRequest{Name: "everything"})
	if err != nil {
		return "", err
	}
	// Killed at once.
	if _, err := client.Stop(ctx, &pb.StopRequest{Name: "hostile", GracePeriod: durationpb.New(0)}); err != nil {
		return "", err
	}
	if !first.Found || second.Found {
		return "", fmt.Errorf("found %v, then %v", first.Found, second.Found)
	}
	_, err = client.Get(ctx, &pb.GetRequest{Name: "everything"})
	if err == nil {
		return "", errNoFailure
	}
	gone := readFailure(client, err)
	return fmt.Sprintf("then Get says %v", gone), expectFailure(gone, codes.NotFound, "SERVER_NOT_FOUND")
}
