// Puts elements into a queue, or takes them out, as one of many processes.
// Usage: queue ENDPOINT[,ENDPOINT...] PREFIX put VALUE...
//        queue ENDPOINT[,ENDPOINT...] PREFIX take TIMES
//
// It prints the value of each element that it takes, on a line. What it has taken and not printed
// when it is killed is lost: each element is handed out at most once.

#include <etcd/concurrency.h>

#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <string>
#include <vector>

namespace {

std::vector<std::string> Split(const std::string& list) {
  std::vector<std::string> parts;
  std::istringstream stream(list);
  for (std::string part; std::getline(stream, part, ',');) parts.push_back(part);
  return parts;
}

etcd::Status Put(etcd::Queue* queue, const std::vector<std::string>& values) {
  for (const std::string& value : values) {
    if (etcd::Status status = queue->Enqueue(value); !status.ok()) return status;
  }
  return {};
}

etcd::Status Take(etcd::Queue* queue, int times) {
  for (int taken = 0; taken < times; ++taken) {
    // Waits for one as long as it takes.
    const auto element = queue->Dequeue();
    if (!element.ok()) return element.status();
    std::printf("%s\n", element->value.c_str());
    std::fflush(stdout);
  }
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  const std::string what = argc > 3 ? argv[3] : "";
  if (what != "put" && !(what == "take" && argc == 5)) {
    std::fprintf(stderr,
                 "usage: queue ENDPOINT[,ENDPOINT...] PREFIX put VALUE...\n"
                 "       queue ENDPOINT[,ENDPOINT...] PREFIX take TIMES\n");
    return 2;
  }
  etcd::ClientOptions options;
  options.endpoints = Split(argv[1]);
  const auto client = etcd::Client::New(options);
  if (!client.ok()) {
    std::fprintf(stderr, "options: %s\n", client.status().ToString().c_str());
    return 1;
  }
  etcd::Queue queue(client->get(), argv[2]);
  const etcd::Status status =
      what == "put" ? Put(&queue, {argv + 4, argv + argc}) : Take(&queue, std::atoi(argv[4]));
  if (!status.ok()) {
    std::fprintf(stderr, "%s: %s\n", what.c_str(), status.ToString().c_str());
    return 1;
  }
  return 0;
}
