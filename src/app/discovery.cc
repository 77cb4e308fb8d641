#include "app/discovery.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "base/go_text.h"
#include "base/url_path.h"
#include "config/url.h"
#include "state/members/member.h"

// Why the members are asked for again and again, where etcd watches them: so any etcd will do, also
// one of ours that cannot be watched, and a service that a proxy stands before. It costs a range of
// a few keys every two seconds at most.

namespace app {
namespace {

constexpr std::string_view kPrefix = "/_etcd/registry";
constexpr runtime::Duration kFirstPoll = std::chrono::milliseconds(100);
constexpr runtime::Duration kLongestPoll = std::chrono::seconds(2);
constexpr unsigned kDoublingsMax = 8;

base::Status Failed(std::string_view why) {
  return {base::Code::kFailedPrecondition, "discovery: " + std::string(why)};
}

std::string Trimmed(const std::string& text) {
  return std::string(base::TrimSpace(text));
}

class Discovery {
 public:
  explicit Discovery(const Discovering& with)
      : with_(with),
        keys_(KeysInRegistry(with.config, with.self)),
        endpoints_(base::Join(with.config.endpoints, ",")) {}

  base::Result<std::string> Join() {
    RETURN_IF_ERROR(CheckCluster());
    RETURN_IF_ERROR(Register());
    RETURN_IF_ERROR(CheckCluster());
    RETURN_IF_ERROR(Wait());
    return InitialCluster();
  }

  template <typename... Fields>
  void Log(observe::Level level, std::string_view message, const Fields&... fields) const {
    if (!with_.config.url.empty()) {
      return with_.logger.Log(level, message, {{"discovery-url", with_.config.url}, fields...});
    }
    with_.logger.Log(
        level, message,
        {{"discovery-token", with_.config.token}, {"discovery-endpoints", endpoints_}, fields...});
  }

 private:
  using Field = observe::Field;
  using Level = observe::Level;

  // The cluster's size, and its members so far: asks until it is told. Fails if this member has no
  // place among them.
  base::Status CheckCluster() {
    for (;;) {
      base::Status status = ReadSize();
      if (status.ok()) status = ReadMembers();
      if (status.ok()) break;
      // What is there and wrong does not become right.
      if (status.code() == base::Code::kFailedPrecondition) return status;
      BackOff("cluster status check");
    }
    failures_ = 0;
    return HasPlace() ? base::Status() : Failed("cluster is full");
  }

  base::Status ReadSize() {
    const auto entries = with_.registry->Get(keys_.size);
    if (!entries.ok()) {
      Log(Level::kWarn, "failed to get cluster size from discovery service",
          Field("clusterSizeKey", keys_.size), Field("error", entries.status().message()));
      return entries.status();
    }
    if (entries->empty()) return Failed("size key not found");
    std::string_view text = entries->front().value;
    if (text.starts_with('+')) text.remove_prefix(1);
    int64_t size = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), size);
    if (error != std::errc() || end != text.data() + text.size() || size <= 0) {
      return Failed("size key is bad");
    }
    size_ = static_cast<size_t>(size);
    return {};
  }

  base::Status ReadMembers() {
    auto entries = with_.registry->GetPrefix(keys_.members);
    if (!entries.ok()) {
      Log(Level::kWarn, "failed to get cluster members from discovery service",
          Field("membersKeyPrefix", keys_.members), Field("error", entries.status().message()));
      return entries.status();
    }
    std::vector<RegistryEntry> found;
    for (RegistryEntry& entry : *entries) {
      entry.key = Trimmed(entry.key);
      entry.value = Trimmed(entry.value);
      const bool is_member = entry.value.find('=') != std::string::npos;
      Tell(entry, is_member);
      if (is_member) found.push_back(std::move(entry));
    }
    std::stable_sort(found.begin(), found.end(), [](const auto& a, const auto& b) {
      return a.create_revision < b.create_revision;
    });
    found_ = std::move(found);
    return {};
  }

  // Once of each.
  void Tell(const RegistryEntry& entry, bool is_member) {
    if (std::find(told_.begin(), told_.end(), entry.key) != told_.end()) return;
    told_.push_back(entry.key);
    Log(is_member ? Level::kInfo : Level::kWarn,
        is_member ? "found peer from discovery service"
                  : "invalid peer info returned from discovery service",
        Field("memberKey", entry.key), Field("memberInfo", entry.value));
  }

  // Whether this member is among the first, or still can be.
  bool HasPlace() const {
    const size_t first = std::min(size_, found_.size());
    const auto end = found_.begin() + static_cast<std::ptrdiff_t>(first);
    return first < size_ || std::any_of(found_.begin(), end, [this](const RegistryEntry& entry) {
             return entry.key == keys_.self;
           });
  }

  base::Status Register() {
    for (;;) {
      const base::Status status = with_.registry->Put(keys_.self, with_.initial_cluster);
      if (status.ok()) break;
      if (status.code() == base::Code::kFailedPrecondition) return status;
      Log(Level::kWarn, "failed to register members itself to the discovery service",
          Field("memberKey", keys_.self), Field("error", status.message()));
      BackOff("register member itself");
    }
    failures_ = 0;
    Log(Level::kInfo, "register member itself successfully", Field("memberKey", keys_.self),
        Field("memberInfo", with_.initial_cluster));
    return {};
  }

  base::Status Wait() {
    if (found_.size() < size_) TellCount("waiting for peers from discovery service");
    for (runtime::Duration pause = kFirstPoll; found_.size() < size_;) {
      with_.pause(pause);
      pause = std::min(2 * pause, kLongestPoll);
      const base::Status status = ReadMembers();
      if (status.code() == base::Code::kFailedPrecondition) return status;
      if (!status.ok()) pause = kLongestPoll;
    }
    TellCount("found all needed peers from discovery service");
    return {};
  }

  void TellCount(std::string_view message) const {
    Log(Level::kInfo, message, Field("clusterSize", size_), Field("found-peers", found_.size()));
  }

  void BackOff(std::string_view reason) {
    failures_ = std::min(failures_ + 1, kDoublingsMax);
    const runtime::Duration pause = std::chrono::seconds(int64_t{1} << failures_);
    Log(Level::kWarn, "retry connecting to discovery service", Field("reason", reason),
        Field("backoff", pause));
    with_.pause(pause);
  }

  base::Result<std::string> InitialCluster() const {
    std::vector<std::string> values;
    for (size_t i = 0; i < size_; ++i) values.push_back(found_[i].value);
    std::string text = base::Join(values, ",");
    const auto parsed = config::ParseInitialCluster(text);
    if (!parsed.ok()) return Failed(with_.config.url.empty() ? "invalid peer URL" : "invalid URL");
    if (parsed->size() != size_) return Failed("found duplicate name");
    return text;
  }

  const Discovering& with_;
  const RegistryKeys keys_;
  const std::string endpoints_;
  size_t size_ = 0;
  std::vector<RegistryEntry> found_;  // in the order in which they came
  std::vector<std::string> told_;     // the keys that the log has told of
  unsigned failures_ = 0;             // one after the other
};

}  // namespace

RegistryKeys KeysInRegistry(const config::DiscoveryConfig& config, base::MemberId self) {
  const bool is_v2 = !config.url.empty();
  // Compat: a token may be spelled as a path may.
  const std::string folder =
      is_v2 ? "" : base::CanonicalPath(std::string(kPrefix) + "/" + config.token + "/.");
  const std::string members = is_v2 ? "" : folder + "/members";
  return {folder + "/_config/size", members, members + "/" + members::HexText(self.value())};
}

base::Result<std::string> JoinByDiscovery(const Discovering& with) {
  Discovery discovery(with);
  base::Result<std::string> cluster = discovery.Join();
  if (cluster.ok()) {
    discovery.Log(observe::Level::kInfo, "discovery joined cluster successfully",
                  observe::Field("cluster", *cluster));
    return cluster;
  }
  discovery.Log(observe::Level::kError, "discovery failed to join cluster",
                observe::Field("error", cluster.status().message()));
  return DiscoveryFailed(cluster.status());
}

base::Status DiscoveryFailed(const base::Status& why) {
  return {why.code(), "failed to join discovery cluster (" + std::string(why.message()) + ")"};
}

}  // namespace app
