#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include <etcd/session.h>

namespace etcd {
inline namespace v1 {

// Who leads, and what it has proclaimed.
struct ElectionLeader {
  ResponseHeader header = {};
  // The leader's key with what it proclaims; the create revision tells one term from the next.
  KeyValue kv = {};
};

// Chooses one session at a time among all that campaign with the same prefix: with this library,
// with clientv3's package concurrency, or with `etcdctl elect`. As with Mutex, the oldest of the
// keys "<prefix>/<lease in hex>" leads, and IsLeader guards what only a leader may do.
//
// The session outlives it. One thread at a time; all of this waits, and must not be called in a
// callback of the client (kFailedPrecondition).
class Election {
 public:
  Election(Session* session, const std::string& prefix);
  Election(const Election&) = delete;
  Election& operator=(const Election&) = delete;

  // Waits until the session leads, for as long as it takes unless the options set a timeout, and
  // proclaims the value. One that campaigns already changes its value. When it fails the session
  // has left the queue, for which up to 5 s more are taken. Beside what any call ends with:
  //
  //   kAborted  "election: session is expired"
  Status Campaign(const std::string& value, const CallOptions& options = {});
  // Changes the value, of a leader and of one that campaigns.
  //
  //   kFailedPrecondition  "election: not leader"
  Status Proclaim(const std::string& value, const CallOptions& options = {});
  // Lets the next one lead. OK also if the session did not lead. When it fails it may be tried
  // again, or be done yet: IsLeader may cease to hold at any time until the next Campaign, which
  // may take another place, behind those that wait.
  Status Resign(const CallOptions& options = {});

  //   kNotFound  "election: no leader"
  Result<ElectionLeader> Leader(const CallOptions& options = {}) const;
  // Tells who leads, each change of that and each value that a leader proclaims from then on, until
  // the sink returns false (kCanceled) or as any call ends; a leader that led between two others
  // may be left out. The sink runs on this thread or on the client's, one at a time, and must not
  // wait for a call.
  using LeaderSink = std::function<bool(const ElectionLeader& leader)>;
  Status Observe(const CallOptions& options, const LeaderSink& sink) const;

  // Holds in a transaction as long as the session leads; never while it does not campaign.
  Compare IsLeader() const;
  // The session's key, empty if it does not campaign, and the key's create revision, then 0.
  const std::string& key() const { return key_; }
  int64_t revision() const { return revision_; }
  // Of the last answer of Campaign, Proclaim or Resign.
  const ResponseHeader& header() const { return header_; }

 private:
  void Forget();

  Session& session_;
  const std::string prefix_;  // with the slash
  std::string key_;
  int64_t revision_ = 0;
  ResponseHeader header_;
};

}  // namespace v1
}  // namespace etcd
