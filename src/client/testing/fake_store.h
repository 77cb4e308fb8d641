#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/errors.h"
#include "net/rpc/server.h"
#include "proto/rpc.pb.h"
#include "runtime/loop.h"

namespace client::testing {

// What the members of a fake cluster have in common: a history of events, and the streams that are
// told of it, as etcd would. Its streams break where they are told to.
class FakeStore {
 public:
  FakeStore() = default;
  FakeStore(const FakeStore&) = delete;
  FakeStore& operator=(const FakeStore&) = delete;

  int64_t revision() const { return revision_; }
  const std::vector<mvccpb::Event>& history() const { return history_; }

  // One revision that changes all of these.
  void Put(const std::vector<std::string>& keys) {
    ++revision_;
    for (const std::string& key : keys) {
      mvccpb::Event event;
      event.mutable_kv()->set_key(key);
      event.mutable_kv()->set_mod_revision(revision_);
      event.mutable_kv()->set_create_revision(revision_);
      history_.push_back(event);
    }
    TellStreams();
  }
  // One revision with these events, of which there is one at least, and which tell it.
  void Change(const std::vector<mvccpb::Event>& events) {
    revision_ = events.front().kv().mod_revision();
    history_.insert(history_.end(), events.begin(), events.end());
    TellStreams();
  }
  void Compact(int64_t revision) { compacted_ = revision; }

  void AddTo(rpc::Server* table, runtime::Loop* loop) {
    table->AddStreaming(
        "etcdserverpb.Watch", "Watch", rpc::Kind::kBidiStreaming,
        [this, loop](auto call) { return std::make_unique<Stream>(this, loop, std::move(call)); });
  }

  // Each event of a watch that permits it in a part of its own.
  bool sends_parts = false;
  // Runs inside the sending of each response, `sent` counting from 1: false ends the stream there.
  std::function<bool(int sent)> before_send;
  base::Status break_status = base::errors::kStopped;
  // What requests to watch are refused with, as created answers; empty: they are not.
  std::string refusal;
  // Of each stream: the revision up to which it is told; 0: all.
  int64_t told_until = 0;

  int streams_begun = 0;
  int streams_with_leader = 0;
  int sent = 0;
  int progress_requests = 0;
  std::vector<int64_t> starts;  // that were asked for
  std::vector<int64_t> canceled;
  std::string last_token;
  size_t open_streams() const { return streams_.size(); }
  // Every open stream ends with this.
  void EndStreams(const base::Status& status) {
    for (Stream* stream : std::set<Stream*>(streams_)) stream->PostEnd(status);
  }
  // Every open stream is sent this, in place of anything else.
  void SendToAll(const etcdserverpb::WatchResponse& message) {
    for (Stream* stream : std::set<Stream*>(streams_)) stream->PostSend(message);
  }

 private:
  struct Watched {
    std::string key;
    std::string end;
    int64_t next = 0;
    bool in_parts = false;
    std::set<int> left_out = {};  // types of events
    bool Has(const mvccpb::Event& event) const {
      const std::string& other = event.kv().key();
      if (left_out.contains(event.type())) return false;
      return end.empty() ? other == key : other >= key && (end == std::string(1, 0) || other < end);
    }
  };

  class Stream final : public rpc::CallHandler {
   public:
    Stream(FakeStore* store, runtime::Loop* loop, std::shared_ptr<rpc::ServerCall> call)
        : store_(*store), loop_(*loop), call_(std::move(call)) {
      ++store_.streams_begun;
      store_.streams_.insert(this);
      store_.last_token = std::string(call_->metadata().Get("token"));
      if (call_->metadata().Get("hasleader") == "true") ++store_.streams_with_leader;
    }
    ~Stream() override { store_.streams_.erase(this); }

    void OnMessage(base::ByteView bytes) override {
      etcdserverpb::WatchRequest request;
      CHECK(request.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())));
      if (request.has_create_request()) return OnCreate(request.create_request());
      if (request.has_progress_request()) {
        ++store_.progress_requests;
        Send(Answer(-1));
        return;
      }
      const int64_t id = request.cancel_request().watch_id();
      store_.canceled.push_back(id);
      if (watched_.erase(id) == 0) return;
      etcdserverpb::WatchResponse answer = Answer(id);
      answer.set_canceled(true);
      Send(answer);
    }
    void OnHalfClose() override { call_->Finish({}); }

    void PostCatchUp() {
      Post([](Stream& stream) { stream.CatchUp(); });
    }
    void PostEnd(const base::Status& status) {
      Post([status](Stream& stream) { stream.call_->Finish(status); });
    }
    void PostSend(const etcdserverpb::WatchResponse& message) {
      Post([message](Stream& stream) { stream.Send(message); });
    }

   private:
    template <typename Task>
    void Post(Task task) {
      loop_.Post([store = &store_, stream = this, task] {
        if (store->streams_.contains(stream)) task(*stream);
      });
    }

    etcdserverpb::WatchResponse Answer(int64_t id) const {
      etcdserverpb::WatchResponse answer;
      answer.mutable_header()->set_revision(store_.revision_);
      answer.set_watch_id(id);
      return answer;
    }

    void OnCreate(const etcdserverpb::WatchCreateRequest& request) {
      store_.starts.push_back(request.start_revision());
      etcdserverpb::WatchResponse answer = Answer(store_.refusal.empty() ? next_id_++ : -1);
      answer.set_created(true);
      answer.set_canceled(!store_.refusal.empty());
      answer.set_cancel_reason(store_.refusal);
      if (!Send(answer) || answer.canceled()) return;
      const int64_t start =
          request.start_revision() == 0 ? store_.revision_ + 1 : request.start_revision();
      watched_[answer.watch_id()] = {request.key(), request.range_end(), start,
                                     request.fragment() && store_.sends_parts};
      for (const int filter : request.filters()) {
        const bool is_put = filter == etcdserverpb::WatchCreateRequest::NOPUT;
        watched_[answer.watch_id()].left_out.insert(is_put ? mvccpb::Event::PUT
                                                           : mvccpb::Event::DELETE);
      }
      CatchUp();
    }

    void CatchUp() {
      for (auto entry = watched_.begin(); entry != watched_.end();) {
        const int64_t id = entry->first;
        if (entry->second.next < store_.compacted_) {
          etcdserverpb::WatchResponse answer = Answer(id);
          answer.mutable_header()->set_revision(0);
          answer.set_canceled(true);
          answer.set_compact_revision(store_.compacted_);
          entry = watched_.erase(entry);
          if (!Send(answer)) return;
          continue;
        }
        if (!SendEvents(id, &entry->second)) return;
        ++entry;
      }
    }

    bool SendEvents(int64_t id, Watched* watched) {
      const int64_t until =
          store_.told_until > 0 ? std::min(store_.told_until, store_.revision_) : store_.revision_;
      std::vector<mvccpb::Event> events;
      for (const mvccpb::Event& event : store_.history_) {
        const int64_t at = event.kv().mod_revision();
        if (at >= watched->next && at <= until && watched->Has(event)) {
          events.push_back(event);
        }
      }
      watched->next = std::max(watched->next, until + 1);
      etcdserverpb::WatchResponse answer = Answer(id);
      for (size_t i = 0; i < events.size(); ++i) {
        *answer.add_events() = events[i];
        const bool last = i + 1 == events.size();
        if (!last && !watched->in_parts) continue;
        answer.set_fragment(!last);
        if (!Send(answer)) return false;
        answer.clear_events();
      }
      return true;
    }

    bool Send(const etcdserverpb::WatchResponse& answer) {
      if (!call_->is_open()) return false;
      if (store_.before_send && !store_.before_send(++store_.sent)) {
        // Once it is let go of: this may be inside one of its own events.
        PostEnd(store_.break_status);
        watched_.clear();
        return false;
      }
      call_->Send(rpc::Message(answer.SerializeAsString()));
      return true;
    }

    FakeStore& store_;
    runtime::Loop& loop_;
    const std::shared_ptr<rpc::ServerCall> call_;
    std::map<int64_t, Watched> watched_;
    int64_t next_id_ = 0;
  };

  void TellStreams() {
    for (Stream* stream : std::set<Stream*>(streams_)) stream->PostCatchUp();
  }

  int64_t revision_ = 1;
  int64_t compacted_ = 0;
  std::vector<mvccpb::Event> history_;
  std::set<Stream*> streams_;
};

}  // namespace client::testing
