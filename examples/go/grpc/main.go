// Command grpc URL tries a manager by grpc-go.
package main

import (
	"log"
	"net/url"
	"os"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"example.org/clients/checks"
	pb "example.org/clients/gen/mcpmanager/v1"
)

func main() {
	address, err := url.Parse(checks.ManagerURL())
	if err != nil {
		log.Fatal(err)
	}
	// A gRPC client takes messages of 4 MB at most, unless it is told otherwise.
	large := grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(32 << 20))
	client := checks.Client{
		Manager:      connect(address.Host, large),
		Default:      connect(address.Host),
		DefaultLimit: 4 << 20,
	}
	if !checks.Run(client) {
		os.Exit(1)
	}
}

// connect takes host:port, which is no URL.
func connect(target string, options ...grpc.DialOption) manager {
	options = append(options, grpc.WithTransportCredentials(insecure.NewCredentials()))
	connection, err := grpc.NewClient(target, options...)
	if err != nil {
		log.Fatal(err)
	}
	return manager{pb.NewManagerServiceClient(connection)}
}
