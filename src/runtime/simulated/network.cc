#include "runtime/simulated/network.h"

#include <utility>
#include <vector>

#include "base/check.h"
#include "runtime/simulated/endpoint.h"

namespace runtime::simulated {

class Wires::EndpointStream final : public Stream {
 public:
  explicit EndpointStream(std::shared_ptr<Endpoint> endpoint) : endpoint_(std::move(endpoint)) {}
  ~EndpointStream() override { endpoint_->Close(); }

  void Start(StreamHandler* handler) override { endpoint_->Start(handler); }
  base::Result<size_t> Write(std::span<const base::ByteView> pieces) override {
    return endpoint_->Write(pieces);
  }
  void PauseReading() override { endpoint_->SetPaused(true); }
  void ResumeReading() override { endpoint_->SetPaused(false); }
  bool HasPeerLeft() override { return endpoint_->HasPeerLeft(); }
  void ShutdownWrite() override { endpoint_->ShutdownWrite(); }
  void Close(bool) override { endpoint_->Close(); }
  Address local_address() const override { return endpoint_->local(); }
  Address peer_address() const override { return endpoint_->peer_address(); }

 private:
  const std::shared_ptr<Endpoint> endpoint_;
};

class Wires::HostListener final : public Listener {
 public:
  HostListener(Wires* wires, Loop* loop, Address address,
               base::Callback<void(std::unique_ptr<Stream>)> on_accept)
      : wires_(wires), loop_(loop), address_(std::move(address)), on_accept_(std::move(on_accept)) {
    wires_->listeners_[address_.ToString()] = this;
  }
  ~HostListener() override { wires_->listeners_.erase(address_.ToString()); }

  Address address() const override { return address_; }
  Loop* loop() const { return loop_; }
  void Accept(std::shared_ptr<Endpoint> endpoint) {
    on_accept_(std::make_unique<EndpointStream>(std::move(endpoint)));
  }

 private:
  Wires* const wires_;
  Loop* const loop_;
  const Address address_;
  base::Callback<void(std::unique_ptr<Stream>)> on_accept_;
};

class Wires::HostNetwork final : public Network {
 public:
  HostNetwork(Wires* wires, std::string host, Loop* loop)
      : wires_(wires), host_(std::move(host)), loop_(loop) {}
  ~HostNetwork() override {
    for (auto& [number, weak] : wires_->endpoints_) {
      const std::shared_ptr<Endpoint> endpoint = weak.lock();
      if (endpoint != nullptr && endpoint->loop() == loop_) endpoint->Die();
    }
  }

  base::Result<std::unique_ptr<Listener>> Listen(
      const Address& address, const ListenOptions&,
      base::Callback<void(std::unique_ptr<Stream>)> on_accept) override {
    Address bound = address;
    if (bound.unix_path.empty()) {
      bound.host = host_;
      if (bound.port == 0) bound.port = wires_->next_port_++;
    }
    if (wires_->listeners_.contains(bound.ToString())) {
      return base::Status(base::Code::kUnavailable, bound.ToString() + ": address already in use");
    }
    return std::unique_ptr<Listener>(
        std::make_unique<HostListener>(wires_, loop_, std::move(bound), std::move(on_accept)));
  }

  std::unique_ptr<Connecting> Connect(
      const Address& address,
      base::Callback<void(base::Result<std::unique_ptr<Stream>>)> done) override;

  const std::string& host() const { return host_; }
  Loop* loop() const { return loop_; }

 private:
  friend class Attempt;

  Wires* const wires_;
  const std::string host_;
  Loop* const loop_;
};

// A connection on its way. It hangs while the wire is cut and fails if nobody listens.
class Wires::Attempt final : public Connecting {
 public:
  Attempt(HostNetwork* network, Address address,
          base::Callback<void(base::Result<std::unique_ptr<Stream>>)> done)
      : network_(network),
        address_(std::move(address)),
        done_(std::move(done)),
        timer_(network->loop()->NewTimer([this] { Try(); })) {
    timer_->Arm(network_->wires_->DrawLatency());
  }

 private:
  void Try() {
    Wires* const wires = network_->wires_;
    const bool is_cut = wires->IsCut(network_->host(), address_.host) ||
                        wires->IsCut(address_.host, network_->host());
    if (is_cut) return timer_->Arm(wires->DrawLatency());
    const auto found = wires->listeners_.find(address_.ToString());
    auto done = std::move(done_);
    if (found == wires->listeners_.end()) {
      return done(
          base::Status(base::Code::kUnavailable, address_.ToString() + ": connection refused"));
    }
    auto [connecting, accepting] = wires->NewPair(*network_, *found->second);
    wires->scheduler_->RunAt(wires->scheduler_->clock().Now(), found->second->loop(),
                             [wires, name = address_.ToString(), endpoint = std::move(accepting)] {
                               const auto listener = wires->listeners_.find(name);
                               if (listener == wires->listeners_.end()) return endpoint->Close();
                               listener->second->Accept(endpoint);
                             });
    done(std::unique_ptr<Stream>(std::make_unique<EndpointStream>(std::move(connecting))));
  }

  HostNetwork* const network_;
  const Address address_;
  base::Callback<void(base::Result<std::unique_ptr<Stream>>)> done_;
  const std::unique_ptr<Timer> timer_;
};

std::unique_ptr<Connecting> Wires::HostNetwork::Connect(
    const Address& address, base::Callback<void(base::Result<std::unique_ptr<Stream>>)> done) {
  return std::make_unique<Attempt>(this, address, std::move(done));
}

Wires::Wires(Scheduler* scheduler, const Options& options)
    : scheduler_(scheduler), options_(options) {}

Wires::~Wires() = default;

std::unique_ptr<Network> Wires::NewNetwork(std::string host, Loop* loop) {
  return std::make_unique<HostNetwork>(this, std::move(host), loop);
}

void Wires::Cut(const std::string& a, const std::string& b) {
  Clog(a, b);
  Clog(b, a);
}

void Wires::Clog(const std::string& from, const std::string& to) {
  cut_.insert({from, to});
}

void Wires::Join(const std::string& a, const std::string& b) {
  cut_.erase({a, b});
  cut_.erase({b, a});
}

void Wires::Break(const std::string& a, const std::string& b) {
  std::vector<std::shared_ptr<Endpoint>> broken;
  for (auto& [number, weak] : endpoints_) {
    std::shared_ptr<Endpoint> endpoint = weak.lock();
    if (endpoint == nullptr) continue;
    const Way way{endpoint->local().host, endpoint->peer_address().host};
    if (way == Way{a, b} || way == Way{b, a}) broken.push_back(std::move(endpoint));
  }
  for (const auto& endpoint : broken) endpoint->Break();
}

bool Wires::IsCut(const std::string& from, const std::string& to) const {
  return !cut_.empty() && cut_.contains({from, to});
}

void Wires::SetLatency(Duration latency_min, Duration latency_max) {
  options_.latency_min = latency_min;
  options_.latency_max = latency_max;
}

Duration Wires::DrawLatency() {
  return Duration(static_cast<Duration::rep>(
      scheduler_->random().Between(static_cast<uint64_t>(options_.latency_min.count()),
                                   static_cast<uint64_t>(options_.latency_max.count()))));
}

std::pair<std::shared_ptr<Endpoint>, std::shared_ptr<Endpoint>> Wires::NewPair(
    const HostNetwork& from, const HostListener& to) {
  const Address source{from.host(), next_port_++, ""};
  auto connecting = std::make_shared<Endpoint>(this, from.loop(), source, to.address());
  auto accepting = std::make_shared<Endpoint>(this, to.loop(), to.address(), source);
  Endpoint::Connect(connecting, accepting);
  std::erase_if(endpoints_, [](const auto& entry) { return entry.second.expired(); });
  endpoints_[++next_endpoint_number_] = connecting;
  endpoints_[++next_endpoint_number_] = accepting;
  return {std::move(connecting), std::move(accepting)};
}

}  // namespace runtime::simulated
