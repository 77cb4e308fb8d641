#pragma once

#include <string>

#include "base/ids.h"
#include "raft/types.h"
#include "server/server.h"
#include "server/snapshot_install.h"

namespace peer {

// The member of this process, as its peers reach it. Called on the peer loop; takes what it is
// given and returns at once.
class LocalMember {
 public:
  virtual ~LocalMember() = default;
  // False, with the message lost, if too much waits already.
  [[nodiscard]] virtual bool Step(raft::Message message) = 0;
  virtual void ReportUnreachable(base::MemberId peer) = 0;
  virtual void ReportSnapshot(base::MemberId peer, bool delivered) = 0;
  // A read of its database has met damage while a snapshot of it was sent.
  virtual void ReportDamage(const base::Status& damage) = 0;
  // More than half of the other members say that this one was removed from the cluster, which it
  // may never learn from its log. Told once.
  virtual void ReportRemoved() = 0;
  // The last entry that it has applied; 0 if it wants a snapshot whatever it has applied.
  virtual base::Index applied() const = 0;
  // Where the database of a received snapshot is to lie before the snapshot's message comes.
  virtual std::string ReceivedDatabasePath(base::Index index) = 0;
  // A file that nobody else uses, for what waits for a slow receiver.
  virtual std::string NewSpoolPath() = 0;
};

// The real one.
class ServerMember final : public LocalMember {
 public:
  // `server` outlives this.
  explicit ServerMember(server::Server* server) : server_(server) {}

  bool Step(raft::Message message) override { return server_->Step(std::move(message)); }
  void ReportUnreachable(base::MemberId peer) override { server_->ReportUnreachable(peer); }
  void ReportSnapshot(base::MemberId peer, bool delivered) override {
    server_->ReportSnapshot(peer, delivered);
  }
  void ReportDamage(const base::Status& damage) override { server_->ReportDamage(damage); }
  void ReportRemoved() override { server_->ReportRemoved(); }
  base::Index applied() const override {
    const server::Progress& progress = server_->progress();
    return progress.awaits_snapshot ? base::Index() : base::Index(progress.applied);
  }
  std::string ReceivedDatabasePath(base::Index index) override {
    return server::ReceivedDatabasePath(server_->options(), index);
  }
  std::string NewSpoolPath() override { return server_->NewSpoolPath(); }

 private:
  server::Server* const server_;
};

}  // namespace peer
