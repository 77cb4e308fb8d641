#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/check.h"
#include "base/wire.h"
#include "net/rpc/channel.h"
#include "proto/kv.pb.h"
#include "proto/rpc.pb.h"
#include "runtime/asio/loop.h"
#include "runtime/asio/network.h"

// Watches a member and writes to it at a fixed rate:
//
//   watch_load PORT [NAME=NUMBER...]
//
// `streams` on each of `connections`, `watches` on each stream, each of one of `keys` keys in turn,
// from revision `start` on (0: from now on), with `prev_kv` or without. With `stopped` no stream is
// read after its watches were created. All that `times` times, one after the other, each on new
// connections once `history` events had come to each watch of the time before. Then `rate` puts a
// second for `seconds`, each to a key that is watched, in turn. Prints, as JSON, how long it took
// to create the watches and until `history` events had come to each, all times together, and of the
// puts the events and how long each took from its put. Ends with its input.

namespace {

using etcdserverpb::WatchResponse;

int64_t NowNanos() {
  return std::chrono::steady_clock::now().time_since_epoch().count();
}

struct Plan {
  size_t connections = 1;
  size_t streams = 1;
  size_t watches = 1;
  size_t keys = 1;
  size_t start = 0;
  size_t history = 0;
  size_t prev_kv = 0;
  size_t stopped = 0;
  size_t times = 1;
  size_t rate = 0;
  size_t seconds = 0;

  size_t watchers() const { return connections * streams * watches; }
};

std::string KeyOf(const Plan& plan, size_t number) {
  return plan.keys == 1 ? "key" : "key" + std::to_string(number % plan.keys);
}

// What came on all streams. Written on the loop.
struct Seen {
  std::atomic<size_t> created = 0;
  std::atomic<size_t> events = 0;
  std::vector<int64_t> nanos;  // from put to event
};

// When the put was sent, which its value says.
int64_t SentAt(base::ByteView event) {
  int64_t sent = 0;
  base::WireReader fields(event);
  while (fields.Next()) {
    if (fields.field() != mvccpb::Event::kKvFieldNumber) continue;
    base::WireReader kv(fields.bytes());
    while (kv.Next()) {
      if (kv.field() == mvccpb::KeyValue::kValueFieldNumber) {
        sent = std::strtoll(std::string(kv.bytes()).c_str(), nullptr, 10);
      }
    }
  }
  return sent;
}

class Watching final : public rpc::ClientHandler {
 public:
  explicit Watching(Seen* seen) : seen_(*seen) {}

  void OnMessage(base::ByteView message) override {
    const int64_t now = NowNanos();
    base::WireReader fields(message);
    while (fields.Next()) {
      if (fields.field() == WatchResponse::kCreatedFieldNumber) ++seen_.created;
      if (fields.field() != WatchResponse::kEventsFieldNumber) continue;
      ++seen_.events;
      if (const int64_t sent = SentAt(fields.bytes()); sent != 0) {
        seen_.nanos.push_back(now - sent);
      }
    }
  }
  void OnFinished(const base::Status& status, const http::Headers&) override {
    if (status.code() == base::Code::kCanceled) return;
    std::fprintf(stderr, "a stream ended: %s\n", status.ToString().c_str());
  }

 private:
  Seen& seen_;
};

class Writing final : public rpc::ClientHandler {
 public:
  explicit Writing(std::atomic<size_t>* done) : done_(*done) {}
  void OnMessage(base::ByteView) override {}
  void OnFinished(const base::Status& status, const http::Headers&) override {
    CHECK(status.ok());
    ++done_;
  }

 private:
  std::atomic<size_t>& done_;
};

template <typename Condition>
double SecondsUntil(Condition condition) {
  const int64_t start = NowNanos();
  while (!condition()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  return static_cast<double>(NowNanos() - start) / 1e9;
}

class Load {
 public:
  Load(uint16_t port, const Plan& plan) : port_(port), plan_(plan), network_(&thread_.loop()) {}

  void Run() {
    const int64_t before = NowNanos();
    double created = 0;
    for (size_t time = 0; time < plan_.times; ++time) {
      thread_.RunAndWait([this] {
        Leave();
        Create();
      });
      created += SecondsUntil([this] { return seen_.created == plan_.watchers(); });
      if (plan_.stopped != 0) {
        thread_.RunAndWait([this] {
          for (const auto& call : calls_) call->PauseReading();
        });
      }
      SecondsUntil([this] { return seen_.events >= plan_.history * plan_.watchers(); });
    }
    const double caught_up = static_cast<double>(NowNanos() - before) / 1e9;
    std::printf("{\"created_seconds\": %.3f, \"caught_up_seconds\": %.3f", created, caught_up);
    std::fflush(stdout);
    if (plan_.rate > 0) Write();
    std::printf("}\n");
    std::fflush(stdout);
    std::getchar();  // the watches stay until whoever started this has looked
    thread_.RunAndWait([this] { Leave(); });
  }

 private:
  std::unique_ptr<rpc::Channel> NewChannel() {
    rpc::Channel::Options options;
    options.endpoints = {{"127.0.0.1", port_, ""}};
    return std::make_unique<rpc::Channel>(&thread_.loop(), &network_, std::move(options));
  }

  void Leave() {
    for (const auto& call : calls_) call->Cancel();
    calls_.clear();
    channels_.clear();
    seen_.created = 0;
    seen_.events = 0;
    seen_.nanos.clear();
  }
  void Create() {
    for (size_t connection = 0; connection < plan_.connections; ++connection) {
      channels_.push_back(NewChannel());
      for (size_t stream = 0; stream < plan_.streams; ++stream) CreateStream(*channels_.back());
    }
  }
  void CreateStream(rpc::Channel& channel) {
    rpc::ClientCall::Options options;
    options.wait_for_ready = true;
    const auto call = channel.Start("/etcdserverpb.Watch/Watch", std::move(options),
                                    std::make_unique<Watching>(&seen_));
    for (size_t watch = 0; watch < plan_.watches; ++watch) {
      etcdserverpb::WatchRequest request;
      request.mutable_create_request()->set_key(KeyOf(plan_, next_++));
      request.mutable_create_request()->set_start_revision(static_cast<int64_t>(plan_.start));
      request.mutable_create_request()->set_prev_kv(plan_.prev_kv != 0);
      call->Send(rpc::Message(request.SerializeAsString()));
    }
    calls_.push_back(call);
  }

  void Write() {
    std::atomic<size_t> done = 0;
    thread_.RunAndWait([this] {
      channels_.push_back(NewChannel());
      seen_.nanos.clear();
    });
    const size_t before = seen_.events;
    const size_t puts = plan_.rate * plan_.seconds;
    const int64_t start = NowNanos();
    for (size_t number = 0; number < puts; ++number) {
      const int64_t due = start + static_cast<int64_t>(number * 1'000'000'000 / plan_.rate);
      while (NowNanos() < due) std::this_thread::sleep_for(std::chrono::microseconds(50));
      thread_.loop().Post([this, number, &done] { Put(number, &done); });
    }
    const size_t expected = before + puts * (plan_.watchers() / plan_.keys);
    SecondsUntil([&] { return done == puts && (plan_.stopped != 0 || seen_.events >= expected); });
    thread_.RunAndWait([this, puts, before] { Report(puts, seen_.events - before); });
  }
  void Put(size_t number, std::atomic<size_t>* done) {
    rpc::ClientCall::Options options;
    options.wait_for_ready = true;
    const auto call = channels_.back()->Start("/etcdserverpb.KV/Put", std::move(options),
                                              std::make_unique<Writing>(done));
    etcdserverpb::PutRequest put;
    put.set_key(KeyOf(plan_, number));
    put.set_value(std::to_string(NowNanos()) + std::string(200, ' '));
    call->Send(rpc::Message(put.SerializeAsString()));
    call->HalfClose();
  }
  void Report(size_t puts, size_t events) {
    std::vector<int64_t>& nanos = seen_.nanos;
    std::sort(nanos.begin(), nanos.end());
    const auto micros = [&](size_t percent) {
      return nanos.empty() ? 0 : nanos[(nanos.size() - 1) * percent / 100] / 1000;
    };
    std::printf(", \"puts\": %zu, \"events\": %zu", puts, events);
    std::printf(", \"p50_us\": %lld, \"p99_us\": %lld", static_cast<long long>(micros(50)),
                static_cast<long long>(micros(99)));
  }

  const uint16_t port_;
  const Plan plan_;
  runtime::asio::LoopThread thread_{"load"};
  runtime::asio::Network network_;
  Seen seen_;
  std::vector<std::unique_ptr<rpc::Channel>> channels_;
  std::vector<std::shared_ptr<rpc::ClientCall>> calls_;
  size_t next_ = 0;
};

// False if there is no such name.
bool Set(base::ByteView name, size_t value, Plan* plan) {
  const std::pair<base::ByteView, size_t*> names[] = {
      {"connections", &plan->connections},
      {"streams", &plan->streams},
      {"watches", &plan->watches},
      {"keys", &plan->keys},
      {"start", &plan->start},
      {"history", &plan->history},
      {"prev_kv", &plan->prev_kv},
      {"stopped", &plan->stopped},
      {"times", &plan->times},
      {"rate", &plan->rate},
      {"seconds", &plan->seconds},
  };
  for (const auto& [known, place] : names) {
    if (known != name) continue;
    *place = value;
    return true;
  }
  return false;
}

size_t Number(const std::string& text) {
  return static_cast<size_t>(std::strtoull(text.c_str(), nullptr, 10));
}

}  // namespace

int main(int argc, char** argv) {
  Plan plan;
  for (int i = 2; i < argc; ++i) {
    const std::string argument = argv[i];
    const size_t equals = argument.find('=');
    if (equals == std::string::npos ||
        !Set(argument.substr(0, equals), Number(argument.substr(equals + 1)), &plan)) {
      argc = 0;
    }
  }
  if (argc < 2) {
    std::fprintf(stderr, "watch_load PORT [NAME=NUMBER...]\n");
    return 2;
  }
  Load(static_cast<uint16_t>(Number(argv[1])), plan).Run();
}
