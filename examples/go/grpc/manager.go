package main

import (
	"context"
	"errors"
	"io"
	"iter"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	pb "example.org/clients/gen/mcpmanager/v1"
)

// manager is the generated client, without call options.
type manager struct{ client pb.ManagerServiceClient }

func (m manager) GetInfo(ctx context.Context, request *pb.GetInfoRequest) (*pb.GetInfoResponse, error) {
	return m.client.GetInfo(ctx, request)
}

func (m manager) Start(ctx context.Context, request *pb.StartRequest) (*pb.StartResponse, error) {
	return m.client.Start(ctx, request)
}

func (m manager) Stop(ctx context.Context, request *pb.StopRequest) (*pb.StopResponse, error) {
	return m.client.Stop(ctx, request)
}

func (m manager) Restart(ctx context.Context, request *pb.RestartRequest) (*pb.RestartResponse, error) {
	return m.client.Restart(ctx, request)
}

func (m manager) List(ctx context.Context, request *pb.ListRequest) (*pb.ListResponse, error) {
	return m.client.List(ctx, request)
}

func (m manager) Get(ctx context.Context, request *pb.GetRequest) (*pb.GetResponse, error) {
	return m.client.Get(ctx, request)
}

func (m manager) ListTools(ctx context.Context, request *pb.ListToolsRequest) (*pb.ListToolsResponse, error) {
	return m.client.ListTools(ctx, request)
}

func (m manager) CallTool(ctx context.Context, request *pb.CallToolRequest) (*pb.CallToolResponse, error) {
	return m.client.CallTool(ctx, request)
}

func (m manager) ListResources(ctx context.Context, request *pb.ListResourcesRequest) (*pb.ListResourcesResponse, error) {
	return m.client.ListResources(ctx, request)
}

func (m manager) ListResourceTemplates(
	ctx context.Context, request *pb.ListResourceTemplatesRequest,
) (*pb.ListResourceTemplatesResponse, error) {
	return m.client.ListResourceTemplates(ctx, request)
}

func (m manager) ReadResource(ctx context.Context, request *pb.ReadResourceRequest) (*pb.ReadResourceResponse, error) {
	return m.client.ReadResource(ctx, request)
}

func (m manager) ListPrompts(ctx context.Context, request *pb.ListPromptsRequest) (*pb.ListPromptsResponse, error) {
	return m.client.ListPrompts(ctx, request)
}

func (m manager) GetPrompt(ctx context.Context, request *pb.GetPromptRequest) (*pb.GetPromptResponse, error) {
	return m.client.GetPrompt(ctx, request)
}

func (m manager) Complete(ctx context.Context, request *pb.CompleteRequest) (*pb.CompleteResponse, error) {
	return m.client.Complete(ctx, request)
}

func (m manager) SetLogLevel(ctx context.Context, request *pb.SetLogLevelRequest) (*pb.SetLogLevelResponse, error) {
	return m.client.SetLogLevel(ctx, request)
}

func (m manager) CallToolStream(
	ctx context.Context, request *pb.CallToolStreamRequest,
) iter.Seq2[*pb.CallToolStreamResponse, error] {
	return events(m.client.CallToolStream(ctx, request))
}

func (m manager) SubscribeResource(
	ctx context.Context, request *pb.SubscribeResourceRequest,
) iter.Seq2[*pb.SubscribeResourceResponse, error] {
	return events(m.client.SubscribeResource(ctx, request))
}

func (m manager) Logs(ctx context.Context, request *pb.LogsRequest) iter.Seq2[*pb.LogsResponse, error] {
	return events(m.client.Logs(ctx, request))
}

func (m manager) Watch(ctx context.Context, request *pb.WatchRequest) iter.Seq2[*pb.WatchResponse, error] {
	return events(m.client.Watch(ctx, request))
}

// events reads a stream; leaving the loop does not end it, its context does.
func events[T any](stream grpc.ServerStreamingClient[T], err error) iter.Seq2[*T, error] {
	return func(yield func(*T, error) bool) {
		for err == nil {
			var event *T
			if event, err = stream.Recv(); err == nil && !yield(event, nil) {
				return
			}
		}
		if !errors.Is(err, io.EOF) {
			yield(nil, err)
		}
	}
}

func (m manager) ReadError(err error) (codes.Code, []any) {
	answer := status.Convert(err)
	return answer.Code(), answer.Details()
}
