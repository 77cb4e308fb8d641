#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "net/http/exchange.h"
#include "net/peer/peer_context.h"
#include "server/transport.h"

namespace peer {

// In a request's body, and in what is believed of one: raft's message, without the database.
inline constexpr uint64_t kSnapshotMessageBytesMax = 64 << 20;

enum class SnapshotForm : uint8_t { kImage, kRecords };

// Snapshots to one peer (POST /raft/snapshot), one at a time:
//
//   body = length message database
//   length = 8 bytes, big endian, of the message
//   message = raftpb.Message, a MsgSnap
//   database = a bbolt file | records
//   records = the stream of storage/snap/record_stream.h
//
// etcd knows the bbolt file alone. Records go to a peer that has said that it takes them, and the
// head of the request says that they are that (kSnapshotField): the peer makes its database of them
// as they come, where an image would first have to be laid out here, and be whole there.
//
// The database is paced by what the peer takes: what it has not taken is in memory up to a few
// megabytes and else in a file (image::SnapshotStream); records wait without a file for a while.
// What became of a snapshot is told to LocalMember::ReportSnapshot. While one is under way another
// is refused, unless it is of a later term: then the one before ends, and only that of the later
// one is told. After one that failed the next is refused for a while, longer after each: a peer
// without room for it would get the whole of it again with each heartbeat. Of the peer loop.
class SnapshotSender {
 public:
  // Since it was sent whole: the peer checks it and makes it durable.
  static constexpr runtime::Duration kAnswerTimeout = std::chrono::minutes(10);
  // The peer takes nothing.
  static constexpr runtime::Duration kWriteTimeout = std::chrono::seconds(60);
  static constexpr runtime::Duration kPauseMin = std::chrono::milliseconds(250);
  static constexpr runtime::Duration kPauseMax = std::chrono::seconds(8);

  SnapshotSender(PeerContext* context, base::Callback<void()> on_said_removed);
  ~SnapshotSender();
  SnapshotSender(const SnapshotSender&) = delete;
  SnapshotSender& operator=(const SnapshotSender&) = delete;

  void Send(server::SnapshotToSend snapshot, SnapshotForm form);
  bool is_under_way() const { return sending_ != nullptr; }
  // The peer begins anew: what failed before may not fail now.
  void Hurry();

 private:
  class Sending;

  base::Status Begin(server::SnapshotToSend snapshot, SnapshotForm form);
  void OnEnded(const http::Client* client, const base::Status& status);
  void Fail(const base::Status& why);

  PeerContext& context_;
  base::Callback<void()> on_said_removed_;
  std::shared_ptr<Sending> sending_;  // null: none is under way
  runtime::Duration pause_ = kPauseMin;
  std::optional<runtime::TimePoint> not_before_;  // after a failure
};

}  // namespace peer
