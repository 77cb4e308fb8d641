#pragma once

#include <etcd/admission.h>
#include <etcd/auth.h>
#include <etcd/cluster.h>
#include <etcd/kv.h>
#include <etcd/lease.h>
#include <etcd/maintenance.h>
#include <etcd/usage.h>
#include <etcd/watch.h>

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "cli/colors.h"
#include "client/range_view.h"
#include "ctl/command.h"

namespace ctl {

struct EndpointHealth {
  std::string endpoint;
  bool healthy = false;
  std::string took;
  std::string error;
};
struct EndpointStatus {
  std::string endpoint;
  etcd::StatusResponse status;
};
struct EndpointHashKv {
  std::string endpoint;
  etcd::HashKvResponse hash;
};

// A response of a watch, or its end.
struct WatchShown {
  etcd::ResponseHeader header = {};
  std::vector<etcd::Event> events = {};
  int64_t compact_revision = 0;
  bool canceled = false;
};

// Where in an answer a part of it stands.
struct PartPlace {
  bool is_first = true;
  bool is_last = true;
};

// One of etcdctl's output formats: the text of each kind of answer. What a format cannot show ends
// the command with kExitBadFeature, what cannot be written with kExitError.
class Printer {
 public:
  explicit Printer(std::string format, std::FILE* out) : format_(std::move(format)), out_(out) {}
  virtual ~Printer() = default;

  Outcome Get(const etcd::GetResponse& response) { return GetPart(client::ViewOf(response), {}); }
  // One part after the other is printed as the whole is. Parts have the header if they are the
  // first, and `more` and `count` if they are the last.
  virtual Outcome GetPart(const client::RangeView&, const PartPlace&) { return Unsupported(); }
  virtual Outcome Put(const etcd::PutResponse&) { return Unsupported(); }
  virtual Outcome Delete(const etcd::DeleteResponse&) { return Unsupported(); }
  virtual Outcome Txn(const etcd::TxnResponse&) { return Unsupported(); }
  virtual Outcome LeaseGrant(const etcd::LeaseGrantResponse&) { return Unsupported(); }
  virtual Outcome LeaseRevoke(int64_t, const etcd::LeaseRevokeResponse&) { return Unsupported(); }
  virtual Outcome LeaseKeepAlive(const etcd::LeaseKeepAliveResponse&) { return Unsupported(); }
  // `keys`: whether they were asked for.
  virtual Outcome LeaseTimeToLive(const etcd::LeaseTimeToLiveResponse&,
                                  [[maybe_unused]] bool keys) {
    return Unsupported();
  }
  virtual Outcome LeaseList(const etcd::LeaseListResponse&) { return Unsupported(); }
  virtual Outcome Watch(const WatchShown&) { return Unsupported(); }
  virtual Outcome MemberList(const etcd::MemberListResponse&) { return Unsupported(); }
  virtual Outcome MemberAdd(const etcd::MemberAddResponse&) { return Unsupported(); }
  // Of the member that was removed, updated or promoted.
  enum class Change : uint8_t { kRemoved, kUpdated, kPromoted };
  virtual Outcome MemberChange(Change, uint64_t, const etcd::MemberChangeResponse&) {
    return Unsupported();
  }
  virtual Outcome MoveLeader(uint64_t, uint64_t, const etcd::MoveLeaderResponse&) {
    return Unsupported();
  }
  virtual Outcome Downgrade(etcd::DowngradeAction, const etcd::DowngradeResponse&) {
    return Unsupported();
  }
  virtual Outcome Alarm(const etcd::AlarmResponse&) { return Unsupported(); }
  virtual Outcome Health(const std::vector<EndpointHealth>&) { return Unsupported(); }
  virtual Outcome Status(const std::vector<EndpointStatus>&) { return Unsupported(); }
  virtual Outcome AuthStatus(const etcd::AuthStatusResponse&) { return Unsupported(); }
  virtual Outcome UserGet([[maybe_unused]] const std::string& user, const etcd::UserGetResponse&) {
    return Unsupported();
  }
  virtual Outcome UserList(const etcd::UserListResponse&) { return Unsupported(); }
  virtual Outcome RoleGet([[maybe_unused]] const std::string& role, const etcd::RoleGetResponse&) {
    return Unsupported();
  }
  virtual Outcome RoleList(const etcd::RoleListResponse&) { return Unsupported(); }
  // `said` is how the simple format says what was done.
  virtual Outcome AuthChange([[maybe_unused]] const std::string& said,
                             const etcd::AuthChangeResponse&) {
    return Unsupported();
  }
  virtual Outcome AdmissionRuleList(const etcd::AdmissionRuleListResponse&) {
    return Unsupported();
  }
  // As above.
  virtual Outcome AdmissionChange([[maybe_unused]] const std::string& said,
                                  const etcd::AdmissionChangeResponse&) {
    return Unsupported();
  }
  virtual Outcome Usage(const etcd::UsageResponse&) { return Unsupported(); }
  virtual Outcome HashKv(const std::vector<EndpointHashKv>&) { return Unsupported(); }

  const std::string& format() const { return format_; }
  // Has people's formats, simple and table, paint what they print.
  void Paint(const cli::Painter& paint) { paint_ = paint; }
  const cli::Painter& paint() const { return paint_; }
  // The simple format: values without their keys.
  virtual void ShowOnlyValues() {}

 protected:
  Outcome Show(const std::string& text) const;
  // The text of a part, empty, in memory that was that of the one before.
  std::string& NewText() {
    text_.clear();
    return text_;
  }

 private:
  Outcome Unsupported() const;

  const std::string format_;
  std::FILE* const out_;
  cli::Painter paint_;
  std::string text_;
};

// Null if there is no such format. `hex` is the --hex flag.
std::unique_ptr<Printer> NewPrinter(const std::string& format, bool hex, std::FILE* out);

std::unique_ptr<Printer> NewSimplePrinter(bool hex, std::FILE* out);
std::unique_ptr<Printer> NewFieldsPrinter(bool hex, std::FILE* out);
std::unique_ptr<Printer> NewJsonPrinter(bool hex, std::FILE* out);
std::unique_ptr<Printer> NewProtobufPrinter(std::FILE* out);
std::unique_ptr<Printer> NewTablePrinter(std::FILE* out);

std::string HexId(uint64_t id);
// The same with spaces before it to the width of the longest.
std::string PaddedHexId(uint64_t id);
std::string AlarmName(etcd::AlarmType type);

}  // namespace ctl
