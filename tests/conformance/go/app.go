// The endpoint: the official Go SDK as it comes from the module proxy. The services are those that
// smoke_test.py names; the environment is that of typescript/app.mjs.
package main

import (
	"context"
	"encoding/json"
	"log"
	"net/http"
	"os"
	"strings"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/restatedev/sdk-go/server"
)

// Writes one effect into the driver's ledger; returns how many there are of this token.
func effect(token string, value string) (int, error) {
	body, _ := json.Marshal(value)
	url := os.Getenv("CONFORMANCE_DRIVER") + "/effect/" + token
	response, err := http.Post(url, "application/json", strings.NewReader(string(body)))
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	var answer struct{ Count int }
	err = json.NewDecoder(response.Body).Decode(&answer)
	return answer.Count, err
}

func step(ctx restate.Context, name string, token string, value string) (int, error) {
	return restate.Run(ctx, func(restate.RunContext) (int, error) {
		return effect(token+"-"+name, value)
	}, restate.WithName(name))
}

func two(ctx restate.Context, token string) ([]int, error) {
	first, err := step(ctx, "first", token, "")
	if err != nil {
		return nil, err
	}
	if err := restate.Sleep(ctx, 20*time.Millisecond); err != nil {
		return nil, err
	}
	second, err := step(ctx, "second", token, "")
	return []int{first, second + 10}, err
}

func ask(ctx restate.Context, token string) (string, error) {
	if _, err := step(ctx, "before", token, ""); err != nil {
		return "", err
	}
	awakeable := restate.Awakeable[string](ctx)
	if _, err := step(ctx, "tell", token, awakeable.Id()); err != nil {
		return "", err
	}
	value, err := awakeable.Result()
	if err != nil {
		return "", err
	}
	_, after := step(ctx, "after", token, "")
	return value, after
}

func add(ctx restate.ObjectContext, n int) (int, error) {
	total, err := restate.Get[int](ctx, "total")
	if err != nil {
		return 0, err
	}
	restate.Set(ctx, "total", total+n)
	return total + n, nil
}

func addTwice(ctx restate.Context, key string) (int, error) {
	counter := restate.Object[int](ctx, "Counter", key, "add")
	if _, err := counter.Request(1); err != nil {
		return 0, err
	}
	return counter.Request(1)
}

func main() {
	steps := restate.NewService("Steps").
		Handler("two", restate.NewServiceHandler(two)).
		Handler("ask", restate.NewServiceHandler(ask))
	counter := restate.NewObject("Counter").Handler("add", restate.NewObjectHandler(add))
	calls := restate.NewService("Calls").Handler("add_twice", restate.NewServiceHandler(addTwice))
	endpoint := server.NewRestate().Bind(steps).Bind(counter).Bind(calls)
	log.Fatal(endpoint.Start(context.Background(), "127.0.0.1:"+os.Getenv("CONFORMANCE_PORT")))
}
