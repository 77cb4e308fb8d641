#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <deque>
#include <iostream>
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "base/check.h"
#include "net/rpc/channel.h"
#include "proto/rpc.pb.h"
#include "runtime/asio/loop.h"
#include "runtime/asio/network.h"

// Grants and renews leases, and puts and reads beside them: lease_load PORT [TOKEN], which does
// what each line of its input says, as whom the token says, and prints a line of JSON when it is
// done:
//
//   grant FIRST COUNT TTL RATE      leases with ids from FIRST on; RATE a second, or 0: a thousand
//                                   are always under way
//   renew FIRST COUNT TOTAL RATE    these in turn, TOTAL renewals on 100 streams; RATE a second, or
//                                   0: as fast as they are answered
//   put RATE                        so many a second, until the next line
//   range RATE                      so many reads of one key each, until the next line
//
// Latencies count from when a request was due, whether or not it could be sent then.

namespace {

constexpr size_t kConnections = 10;
constexpr size_t kStreamsOfConnection = 10;
constexpr size_t kGrantsUnderWay = 1'000;
constexpr size_t kRenewalsUnderWay = 10;  // on a stream, where no rate is set

int64_t NowNanos() {
  return std::chrono::steady_clock::now().time_since_epoch().count();
}

void Sleep() {
  std::this_thread::sleep_for(std::chrono::microseconds(50));
}

// What was answered. Written on the loop.
struct Answers {
  std::atomic<size_t> count = 0;
  size_t lost = 0;    // renewals of leases that were gone
  size_t failed = 0;  // calls that ended with an error
  std::vector<int64_t> nanos;

  void Print(double seconds) {
    std::sort(nanos.begin(), nanos.end());
    const auto micros = [&](double part) {
      const auto at = static_cast<size_t>(static_cast<double>(nanos.size() - 1) * part);
      return nanos.empty() ? 0LL : static_cast<long long>(nanos[at] / 1000);
    };
    std::printf(
        "{\"seconds\": %.3f, \"count\": %zu, \"lost\": %zu, \"failed\": %zu, "
        "\"p50_us\": %lld, \"p99_us\": %lld, \"worst_us\": %lld}\n",
        seconds, count.load(), lost, failed, micros(0.5), micros(0.99), micros(1));
    std::fflush(stdout);
  }
};

// A call with one answer. Errors are counted, and the first of them is told.
class Unary final : public rpc::ClientHandler {
 public:
  Unary(Answers* answers, base::Callback<void()> done)
      : answers_(*answers), done_(std::move(done)) {}
  void OnMessage(base::ByteView) override {}
  void OnFinished(const base::Status& status, const http::Headers&) override {
    if (!status.ok() && ++answers_.failed == 1) {
      std::fprintf(stderr, "a call ended: %s\n", status.ToString().c_str());
    }
    done_();
  }

 private:
  Answers& answers_;
  base::Callback<void()> done_;
};

// A stream of renewals, whose answers come in order.
class Renewing final : public rpc::ClientHandler {
 public:
  Renewing(Answers* answers, std::deque<int64_t>* due, base::Callback<void()> answered)
      : answers_(*answers), due_(*due), answered_(std::move(answered)) {}

  void OnMessage(base::ByteView message) override {
    etcdserverpb::LeaseKeepAliveResponse response;
    CHECK(response.ParseFromArray(message.data(), static_cast<int>(message.size())));
    CHECK(!due_.empty());
    answers_.nanos.push_back(NowNanos() - due_.front());
    due_.pop_front();
    if (response.ttl() <= 0) ++answers_.lost;
    ++answers_.count;
    answered_();
  }
  void OnFinished(const base::Status& status, const http::Headers&) override {
    if (status.code() == base::Code::kCanceled) return;
    std::fprintf(stderr, "a stream ended: %s\n", status.ToString().c_str());
  }

 private:
  Answers& answers_;
  std::deque<int64_t>& due_;  // when those were due that are not answered
  base::Callback<void()> answered_;
};

class Load {
 public:
  // Without a token, as nobody.
  Load(uint16_t port, const char* token) : network_(&thread_.loop()) {
    if (token != nullptr) metadata_.Add("token", token);
    rpc::Channel::Options options;
    options.endpoints = {{"127.0.0.1", port, ""}};
    thread_.RunAndWait([&] {
      for (size_t i = 0; i < kConnections; ++i) {
        channels_.push_back(std::make_unique<rpc::Channel>(&thread_.loop(), &network_, options));
      }
    });
  }
  ~Load() {
    thread_.RunAndWait([this] { channels_.clear(); });
  }

  void Grant(int64_t first, size_t count, int64_t ttl, size_t rate) {
    const int64_t start = NowNanos();
    Answers answers;
    size_t begun = 0;
    base::Callback<void(int64_t)> grant = [&](int64_t due) {
      if (begun == count) return;
      etcdserverpb::LeaseGrantRequest request;
      request.set_id(first + static_cast<int64_t>(begun));
      request.set_ttl(ttl);
      Call(begun++, "/etcdserverpb.Lease/LeaseGrant", request.SerializeAsString(), &answers,
           [&answers, &grant, due, rate] {
             answers.nanos.push_back(NowNanos() - due);
             if (rate == 0) grant(NowNanos());
             ++answers.count;
           });
    };
    thread_.RunAndWait([&] {
      for (size_t i = 0; rate == 0 && i < kGrantsUnderWay; ++i) grant(NowNanos());
    });
    for (size_t number = 0; rate > 0 && number < count; ++number) {
      const int64_t at = WaitUntilDue(start, number, rate);
      thread_.loop().Post([&grant, at] { grant(at); });
    }
    while (answers.count < count) Sleep();
    thread_.RunAndWait([] {});
    answers.Print(static_cast<double>(NowNanos() - start) / 1e9);
  }

  void Renew(int64_t first, size_t count, size_t total, size_t rate) {
    Answers answers;
    size_t begun = 0;
    std::vector<std::deque<int64_t>> due(kConnections * kStreamsOfConnection);
    std::vector<std::shared_ptr<rpc::ClientCall>> streams(due.size());
    const auto renew = [&](size_t stream, int64_t at) {
      if (begun == total) return;
      etcdserverpb::LeaseKeepAliveRequest request;
      request.set_id(first + static_cast<int64_t>(begun++ % count));
      due[stream].push_back(at);
      streams[stream]->Send(rpc::Message(request.SerializeAsString()));
    };
    const int64_t start = NowNanos();
    thread_.RunAndWait([&] {
      for (size_t i = 0; i < streams.size(); ++i) {
        streams[i] = channels_[i % kConnections]->Start(
            "/etcdserverpb.Lease/LeaseKeepAlive", CallOptions(),
            std::make_unique<Renewing>(&answers, &due[i], [&, i] {
              if (rate == 0) renew(i, NowNanos());
            }));
        for (size_t each = 0; rate == 0 && each < kRenewalsUnderWay; ++each) renew(i, NowNanos());
      }
    });
    for (size_t number = 0; rate > 0 && number < total; ++number) {
      const int64_t at = WaitUntilDue(start, number, rate);
      thread_.loop().Post([&, number, at] { renew(number % streams.size(), at); });
    }
    while (answers.count < total) Sleep();
    thread_.RunAndWait([&] {
      for (const auto& stream : streams) stream->Cancel();
    });
    answers.Print(static_cast<double>(NowNanos() - start) / 1e9);
  }

  void Put(size_t rate, const std::atomic<bool>& stop) {
    Repeat(rate, stop, "/etcdserverpb.KV/Put", [](const std::string& key) {
      etcdserverpb::PutRequest request;
      request.set_key(key);
      request.set_value(std::string(256, 'v'));
      return request.SerializeAsString();
    });
  }

  void Range(size_t rate, const std::atomic<bool>& stop) {
    Repeat(rate, stop, "/etcdserverpb.KV/Range", [](const std::string& key) {
      etcdserverpb::RangeRequest request;
      request.set_key(key);
      return request.SerializeAsString();
    });
  }

 private:
  rpc::ClientCall::Options CallOptions() const {
    rpc::ClientCall::Options options;
    options.metadata = metadata_;
    options.wait_for_ready = true;
    return options;
  }
  static int64_t WaitUntilDue(int64_t start, size_t number, size_t rate) {
    const int64_t due = start + static_cast<int64_t>(number * 1'000'000'000 / rate);
    while (NowNanos() < due) Sleep();
    return due;
  }
  // Of a thousand keys in turn.
  template <typename Encode>
  void Repeat(size_t rate, const std::atomic<bool>& stop, const char* path, Encode encode) {
    Answers answers;
    const int64_t start = NowNanos();
    size_t number = 0;
    for (; !stop; ++number) {
      const int64_t at = WaitUntilDue(start, number, rate);
      thread_.loop().Post([&, number, at] {
        Call(number, path, encode("key" + std::to_string(number % 1000)), &answers, [&, at] {
          answers.nanos.push_back(NowNanos() - at);
          ++answers.count;
        });
      });
    }
    while (answers.count < number) Sleep();
    thread_.RunAndWait([] {});
    answers.Print(static_cast<double>(NowNanos() - start) / 1e9);
  }
  void Call(size_t number, const char* path, const base::Bytes& request, Answers* answers,
            base::Callback<void()> done) {
    const auto call = channels_[number % kConnections]->Start(
        path, CallOptions(), std::make_unique<Unary>(answers, std::move(done)));
    call->Send(rpc::Message(request));
    call->HalfClose();
  }

  runtime::asio::LoopThread thread_{"load"};
  runtime::asio::Network network_;
  std::vector<std::unique_ptr<rpc::Channel>> channels_;
  http::Headers metadata_;  // of every call
};

void Run(Load& load, const std::string& line) {
  std::istringstream words(line);
  std::string command;
  words >> command;
  if (command == "grant") {
    int64_t first = 0, ttl = 0;
    size_t count = 0, rate = 0;
    words >> first >> count >> ttl >> rate;
    load.Grant(first, count, ttl, rate);
  } else if (command == "renew") {
    int64_t first = 0;
    size_t count = 0, total = 0, rate = 0;
    words >> first >> count >> total >> rate;
    load.Renew(first, count, total, rate);
  } else if (command == "put" || command == "range") {
    size_t rate = 0;
    words >> rate;
    std::atomic<bool> stop = false;
    std::thread repeating([&, is_put = command == "put"] {
      if (is_put) {
        load.Put(rate, stop);
      } else {
        load.Range(rate, stop);
      }
    });
    std::getline(std::cin, command);
    stop = true;
    repeating.join();
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2 && argc != 3) {
    std::fprintf(stderr, "lease_load PORT [TOKEN]\n");
    return 2;
  }
  Load load(static_cast<uint16_t>(std::strtoul(argv[1], nullptr, 10)), argv[2]);
  for (std::string line; std::getline(std::cin, line);) Run(load, line);
}
