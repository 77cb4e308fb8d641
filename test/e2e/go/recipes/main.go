// Command recipes does what etcd's own recipes for Go do, beside other clients:
//
//	recipes ENDPOINT put PREFIX VALUE...
//	recipes ENDPOINT take PREFIX TIMES        prints each value
//	recipes ENDPOINT rank PREFIX PRIORITY VALUE...
//	recipes ENDPOINT meet KEY COUNT           enters a double barrier, says "in", and leaves it
package main

import (
	"fmt"
	"log"
	"os"
	"strconv"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/client/v3/concurrency"
	recipe "go.etcd.io/etcd/client/v3/experimental/recipes"
)

func main() {
	if len(os.Args) < 4 {
		log.Fatal("usage: recipes ENDPOINT COMMAND KEY [WORD...]")
	}
	client, err := clientv3.New(clientv3.Config{Endpoints: []string{os.Args[1]}, DialTimeout: 5 * time.Second})
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	if err := run(client, os.Args[2], os.Args[3], os.Args[4:]); err != nil {
		log.Fatal(err)
	}
}

func run(client *clientv3.Client, command, key string, words []string) error {
	switch command {
	case "put":
		queue := recipe.NewQueue(client, key)
		for _, value := range words {
			if err := queue.Enqueue(value); err != nil {
				return err
			}
		}
		return nil
	case "take":
		queue := recipe.NewQueue(client, key)
		times, err := strconv.Atoi(words[0])
		if err != nil {
			return err
		}
		for range times {
			value, err := queue.Dequeue()
			if err != nil {
				return err
			}
			fmt.Println(value)
		}
		return nil
	case "rank":
		queue := recipe.NewPriorityQueue(client, key)
		priority, err := strconv.ParseUint(words[0], 10, 16)
		if err != nil {
			return err
		}
		for _, value := range words[1:] {
			if err := queue.Enqueue(value, uint16(priority)); err != nil {
				return err
			}
		}
		return nil
	case "meet":
		return meet(client, key, words)
	}
	return fmt.Errorf("there is no command %q", command)
}

func meet(client *clientv3.Client, key string, words []string) error {
	count, err := strconv.Atoi(words[0])
	if err != nil {
		return err
	}
	session, err := concurrency.NewSession(client, concurrency.WithTTL(5))
	if err != nil {
		return err
	}
	defer session.Close()
	barrier := recipe.NewDoubleBarrier(session, key, count)
	if err := barrier.Enter(); err != nil {
		return err
	}
	fmt.Println("in")
	return barrier.Leave()
}
