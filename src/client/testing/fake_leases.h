#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "net/rpc/server.h"
#include "proto/rpc.pb.h"
#include "runtime/loop.h"

namespace client::testing {

// What the members of a fake cluster have in common of leases: which there are, and the streams
// over which they are renewed. None ends by itself.
class FakeLeases {
 public:
  FakeLeases() = default;
  FakeLeases(const FakeLeases&) = delete;
  FakeLeases& operator=(const FakeLeases&) = delete;

  std::map<int64_t, int64_t> ttls;  // in seconds, of those that there are
  bool hangs = false;               // answers nothing
  // Why a stream is refused that has no such token; empty: none is needed.
  std::string token_wanted;
  base::Status refusal;

  struct Asked {
    int64_t id = 0;
    runtime::TimePoint at;
    friend bool operator==(const Asked&, const Asked&) = default;
  };
  std::vector<Asked> asked;
  int streams_begun = 0;
  int streams_with_leader = 0;
  size_t open_streams() const { return streams_.size(); }
  // Every open stream ends with this.
  void EndStreams(const base::Status& status) {
    for (Stream* stream : std::set<Stream*>(streams_)) stream->PostEnd(status);
  }

  void AddTo(rpc::Server* table, runtime::Loop* loop) {
    table->AddStreaming(
        "etcdserverpb.Lease", "LeaseKeepAlive", rpc::Kind::kBidiStreaming,
        [this, loop](auto call) { return std::make_unique<Stream>(this, loop, std::move(call)); });
  }

 private:
  class Stream final : public rpc::CallHandler {
   public:
    Stream(FakeLeases* leases, runtime::Loop* loop, std::shared_ptr<rpc::ServerCall> call)
        : leases_(*leases), loop_(*loop), call_(std::move(call)) {
      ++leases_.streams_begun;
      leases_.streams_.insert(this);
      if (call_->metadata().Get("hasleader") == "true") ++leases_.streams_with_leader;
      if (!leases_.token_wanted.empty() && call_->metadata().Get("token") != leases_.token_wanted) {
        is_refused_ = true;
        PostEnd(leases_.refusal);
      }
    }
    ~Stream() override { leases_.streams_.erase(this); }

    void OnMessage(base::ByteView bytes) override {
      etcdserverpb::LeaseKeepAliveRequest request;
      CHECK(request.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())));
      leases_.asked.push_back({request.id(), loop_.clock().Now()});
      if (leases_.hangs || is_refused_ || !call_->is_open()) return;
      etcdserverpb::LeaseKeepAliveResponse answer;
      answer.set_id(request.id());
      const auto lease = leases_.ttls.find(request.id());
      if (lease != leases_.ttls.end()) answer.set_ttl(lease->second);
      call_->Send(rpc::Message(answer.SerializeAsString()));
    }
    void OnHalfClose() override { call_->Finish({}); }

    void PostEnd(const base::Status& status) {
      loop_.Post([leases = &leases_, stream = this, status] {
        if (leases->streams_.contains(stream)) stream->call_->Finish(status);
      });
    }

   private:
    FakeLeases& leases_;
    runtime::Loop& loop_;
    bool is_refused_ = false;
    const std::shared_ptr<rpc::ServerCall> call_;
  };

  std::set<Stream*> streams_;
};

}  // namespace client::testing
