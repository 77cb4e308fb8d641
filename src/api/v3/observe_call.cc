#include "api/v3/observe_call.h"

#include <utility>

#include "base/check.h"

namespace v3 {

using v3electionpb::LeaderResponse;

void ObserveCall::OnMessage(base::ByteView bytes) {
  v3electionpb::LeaderRequest request;
  if (!Parse(bytes, &request)) return;
  SetName(request.name());
  CountKept();
  WhenLinearizable([this] { Look(); });
}

base::Result<StreamCall::Next> ObserveCall::Produce() {
  if (!untold_.empty()) {
    untold_bytes_ -= untold_.front().ByteSizeLong();
    Send(untold_.front());
    untold_.pop_front();
    CountKept();
    return Next::kMore;
  }
  if (std::exchange(is_gone_, false)) Look();
  return QueueCall::Produce();
}

base::Result<StreamCall::Next> ObserveCall::OnFound(const kv::QueueScan& scan) {
  if (!scan.has_found()) {
    follows_ = false;
    const std::string first = prefix();
    Watch({.key = first, .range_end = kv::QueueScan::EndOf(first), .no_delete = true},
          scan.began() + 1);
    return Next::kWaits;
  }
  ASSIGN_OR_RETURN(const kv::QueuePlace leader, Read(scan.key(), scan.create_revision()));
  if (!leader.pair.has_value()) {
    Look();
    return Next::kMore;
  }
  LeaderResponse response;
  context().Fill(response.mutable_header(), leader.at);
  CHECK(response.mutable_kv()->ParseFromString(*leader.pair));
  AddUntold(std::move(response));
  Follow(scan.key(), leader.at + 1);
  return Next::kMore;
}

void ObserveCall::Follow(const std::string& key, base::Revision start) {
  follows_ = true;
  Watch({.key = key}, start);
}

void ObserveCall::OnChanges(const etcdserverpb::WatchResponse& changes) {
  for (const mvccpb::Event& event : changes.events()) {
    if (event.type() == mvccpb::Event::DELETE) {
      StopWatching();
      is_gone_ = true;
      break;
    }
    LeaderResponse response;
    *response.mutable_header() = changes.header();
    *response.mutable_kv() = event.kv();
    if (follows_) {
      AddUntold(std::move(response));
      continue;
    }
    response.mutable_header()->set_revision(event.kv().mod_revision());
    AddUntold(std::move(response));
    Follow(event.kv().key(), base::Revision(event.kv().mod_revision()) + 1);
    break;
  }
  Continue();
}

void ObserveCall::AddUntold(LeaderResponse response) {
  untold_bytes_ += response.ByteSizeLong();
  untold_.push_back(std::move(response));
  CountKept();
}

void ObserveCall::CountKept() {
  SetKept(sizeof(*this) + prefix().size() + untold_bytes_ +
          untold_.size() * sizeof(LeaderResponse));
}

}  // namespace v3
