#include <memory>
#include <utility>

#include "net/http/client.h"
#include "net/trace/collector.h"

namespace trace {
namespace {

using Kind = Collector::Outcome::Kind;

// What OTLP calls worth another try: too many requests, and what stands between that is broken.
Kind KindOf(int status) {
  if (status >= 200 && status < 300) return Kind::kTaken;
  return status == 429 || status == 502 || status == 503 || status == 504 ? Kind::kAway
                                                                          : Kind::kRefused;
}

Collector::Outcome OutcomeOf(base::Result<http::Client::Answer> answer) {
  if (answer.ok()) {
    return {KindOf(answer->status), std::move(answer->body),
            base::Status(base::Code::kUnavailable, "status " + std::to_string(answer->status))};
  }
  const base::Status& why = answer.status();
  const bool never =
      why.code() == base::Code::kInvalidArgument || why.code() == base::Code::kResourceExhausted;
  return {never ? Kind::kRefused : Kind::kAway, {}, why};
}

class HttpCollector final : public Collector {
 public:
  HttpCollector(const CollectorParts& parts, std::string path,
                std::shared_ptr<const http::TlsContext> tls)
      : path_(std::move(path)),
        client_(parts.loop, parts.network, OptionsOf(parts, std::move(tls))) {}
  // A request that is under way ends with the client, and nobody is there any more to hear of it.
  ~HttpCollector() override {
    if (done_ != nullptr) *done_ = nullptr;
  }

  void Send(const base::Bytes& request, Done done) override {
    done_ = std::make_shared<Done>(std::move(done));
    client_.Fetch({{":method", "POST"},
                   {":path", path_},
                   {"content-type", "application/x-protobuf"},
                   {"user-agent", "cornerstore"}},
                  request, kAnswerBytesMax, kSendTimeout,
                  [done = done_](base::Result<http::Client::Answer> answer) {
                    if (*done) (*done)(OutcomeOf(std::move(answer)));
                  });
  }

 private:
  static http::Client::Options OptionsOf(const CollectorParts& parts,
                                         std::shared_ptr<const http::TlsContext> tls) {
    http::Client::Options options;
    options.address = parts.address;
    if (tls != nullptr) options.tls = [tls = std::move(tls)] { return tls; };
    return options;
  }

  const std::string path_;
  std::shared_ptr<Done> done_;  // of what was sent last
  http::Client client_;
};

}  // namespace

std::unique_ptr<Collector> NewHttpCollector(const CollectorParts& parts, std::string path,
                                            std::shared_ptr<const http::TlsContext> tls) {
  return std::make_unique<HttpCollector>(parts, std::move(path), std::move(tls));
}

}  // namespace trace
