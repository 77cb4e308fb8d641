#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "net/peer/peer_context.h"
#include "net/peer/pipeline.h"
#include "net/peer/prober.h"
#include "net/peer/snapshot_sender.h"
#include "net/peer/stream_reader.h"
#include "net/peer/stream_writer.h"
#include "state/members/extensions.h"
#include "state/members/member.h"

namespace peer {

// Another member of the cluster: two streams from it, two to it once it has asked for them, and
// single requests for what has no stream:
//
//   appends          the stream of appends; without it, that of messages
//   other messages   the stream of messages
//   without either   a request each (Pipeline)
//   snapshots        a request each (SnapshotSender)
//
// It is active as long as messages arrive from it. Of the peer loop.
class Peer final : private StreamListener {
 public:
  // Both run on the peer loop, not from within a call.
  struct Hooks {
    base::Callback<void()> on_activity;      // active_since() has changed
    base::Callback<void()> on_said_removed;  // it says that this member was removed
  };
  // What `parts` points to outlives this.
  struct Parts {
    const Environment* environment;
    const Identity* self;
    LocalMember* local;
    runtime::Duration dial_timeout;
  };
  Peer(const Parts& parts, base::MemberId id, std::vector<std::string> urls, Hooks hooks);
  ~Peer();
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  // Takes a message that is not a snapshot; what finds no room is dropped and reported.
  void Send(raft::Message message);
  // Sends what was taken in this turn.
  void Flush();
  void SendSnapshot(server::SnapshotToSend snapshot) {
    snapshots_.Send(std::move(snapshot),
                    takes_records() ? SnapshotForm::kRecords : SnapshotForm::kImage);
  }
  // Its request for a stream from this member, whose head is answered.
  std::shared_ptr<http::ExchangeHandler> Attach(StreamKind kind, http::Exchange& exchange);

  const std::vector<std::string>& urls() const { return context_.endpoints.urls(); }
  void SetUrls(std::vector<std::string> urls);

  // What it understands beyond etcd, as its last request says; nothing before the first.
  const std::optional<members::Extensions>& extensions() const { return extensions_; }
  void SetExtensions(members::Extensions extensions) { extensions_ = std::move(extensions); }

  // Whether it takes the database of a snapshot as records, as it has said last (kSnapshotField).
  bool takes_records() const { return takes_records_; }
  void SetTakesRecords(bool takes_records) { takes_records_ = takes_records; }

  const std::optional<runtime::TimePoint>& active_since() const { return active_since_; }
  std::shared_ptr<const server::AppendTimes> append_times() const { return context_.append_times; }
  Endpoints& endpoints() { return context_.endpoints; }
  // From a single request of it.
  void CountReceived(size_t bytes) {
    context_.metrics.received_bytes.Add(static_cast<double>(bytes));
  }
  // Of messages that wait for its streams.
  uint64_t waiting_bytes() const { return appends_.waiting_bytes() + messages_.waiting_bytes(); }

 private:
  // StreamListener
  void OnMessages(std::vector<raft::Message> messages) override;
  void OnStreamUp(StreamKind kind, bool takes_records) override;
  void OnStreamDown(StreamKind kind, std::string_view action, const base::Status& why) override;
  void OnSaidRemoved() override { hooks_.on_said_removed(); }

  PeerContext context_;
  Hooks hooks_;
  std::optional<members::Extensions> extensions_;
  bool takes_records_ = false;
  std::optional<runtime::TimePoint> active_since_;
  StreamWriter appends_;
  StreamWriter messages_;
  Pipeline pipeline_;
  SnapshotSender snapshots_;
  Prober prober_;
  StreamReader append_reader_;
  StreamReader message_reader_;
};

// A member that this one does not know yet, because it joins and its log has not named the others:
// it is only answered, by single requests. Of the peer loop.
class Remote {
 public:
  Remote(const Peer::Parts& parts, base::MemberId id, std::vector<std::string> urls);
  Remote(const Remote&) = delete;
  Remote& operator=(const Remote&) = delete;

  void Send(raft::Message message);

 private:
  PeerContext context_;
  Pipeline pipeline_;
};

}  // namespace peer
