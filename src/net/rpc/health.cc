#include "net/rpc/health.h"

#include <optional>
#include <utility>

#include "base/wire.h"

namespace rpc {
namespace {

constexpr char kService[] = "grpc.health.v1.Health";

// The fields of health.proto's messages, and of an entry of any map.
constexpr uint32_t kRequestService = 1;
constexpr uint32_t kResponseStatus = 1;
constexpr uint32_t kListStatuses = 1;
constexpr uint32_t kMapKey = 1;
constexpr uint32_t kMapValue = 2;

std::optional<std::string> ParseRequest(base::ByteView bytes) {
  std::string service;
  base::WireReader reader(bytes);
  while (reader.Next()) {
    if (reader.field() == kRequestService) service = std::string(reader.bytes());
  }
  if (!reader.ok()) return std::nullopt;
  return service;
}

base::Bytes EncodeResponse(Health::State state) {
  base::Bytes bytes;
  base::WireWriter(&bytes).VarintIfSet(kResponseStatus, static_cast<uint64_t>(state));
  return bytes;
}

base::Bytes EncodeList(const std::map<std::string, Health::State>& states) {
  base::Bytes bytes;
  for (const auto& [service, state] : states) {
    base::Bytes entry;
    base::WireWriter writer(&entry);
    writer.BytesIfSet(kMapKey, service);
    writer.Bytes(kMapValue, EncodeResponse(state));
    base::WireWriter(&bytes).Bytes(kListStatuses, entry);
  }
  return bytes;
}

base::Status Malformed() {
  return base::Status(base::Code::kInternal, "grpc: error unmarshalling request");
}

}  // namespace

// One Watch call: sends the state when it begins and whenever it changes.
class Health::Watcher final : public CallHandler {
 public:
  Watcher(Health* health, std::shared_ptr<ServerCall> call)
      : health_(health), call_(std::move(call)) {
    health_->watchers_.insert(this);
  }
  ~Watcher() override { health_->watchers_.erase(this); }

  void OnMessage(base::ByteView message) override {
    service_ = ParseRequest(message);
    if (!service_.has_value()) return call_->Finish(Malformed());
    SendIfChanged();
  }
  void OnDrain() override {
    call_->Finish(base::Status(base::Code::kUnavailable, "the server is stopping"));
  }
  void SendIfChanged() {
    if (!service_.has_value()) return;
    const State state = health_->Get(*service_);
    if (std::exchange(last_sent_, state) == state) return;
    call_->Send(Message(EncodeResponse(state)));
  }

 private:
  Health* const health_;
  const std::shared_ptr<ServerCall> call_;
  std::optional<std::string> service_;
  std::optional<State> last_sent_;
};

void Health::AddTo(Server& server) {
  server.AddUnary(kService, "Check",
                  [this](std::shared_ptr<ServerCall> call, base::ByteView message) {
                    const auto service = ParseRequest(message);
                    if (!service.has_value()) return call->Finish(Malformed());
                    const State state = Get(*service);
                    if (state == State::kServiceUnknown) {
                      return call->Finish(base::Status(base::Code::kNotFound, "unknown service"));
                    }
                    call->Reply(Message(EncodeResponse(state)));
                  });
  server.AddStreaming(kService, "Watch", Kind::kServerStreaming,
                      [this](std::shared_ptr<ServerCall> call) {
                        return std::make_unique<Watcher>(this, std::move(call));
                      });
  server.AddUnary(kService, "List", [this](std::shared_ptr<ServerCall> call, base::ByteView) {
    call->Reply(Message(EncodeList(states_)));
  });
}

void Health::Set(const std::string& service, State state) {
  states_[service] = state;
  for (Watcher* const watcher : watchers_) watcher->SendIfChanged();
}

void Health::Stop() {
  for (auto& [service, state] : states_) state = State::kNotServing;
  for (Watcher* const watcher : watchers_) watcher->SendIfChanged();
}

Health::State Health::Get(const std::string& service) const {
  const auto found = states_.find(service);
  return found == states_.end() ? State::kServiceUnknown : found->second;
}

}  // namespace rpc
