package checks

import (
	"context"
	"fmt"
	"os"
	"slices"
	"time"
)

// check is what is tried; run gives back what was seen.
type check struct {
	name string
	run  func(context.Context, Client) (string, error)
}

// In this order: starting comes first, and stopping last.
var all = slices.Concat(starting, calls, offers, streams, failures, stopping)

// Run runs the checks, prints a line for each, then the totals; it says whether all passed.
func Run(client Client) bool {
	failed := 0
	for _, check := range all {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		seen, err := check.run(ctx, client)
		cancel()
		if err != nil {
			failed++
			fmt.Printf("  ✗ %-22s %v\n", check.name, err)
		} else {
			fmt.Printf("  ✓ %-22s %s\n", check.name, seen)
		}
	}
	fmt.Printf("%d passed, %d failed\n", len(all)-failed, failed)
	return failed == 0
}

// ManagerURL is the program's argument.
func ManagerURL() string {
	if len(os.Args) > 1 {
		return os.Args[1]
	}
	return "http://127.0.0.1:8080"
}
