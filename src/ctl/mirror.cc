#include "ctl/mirror.h"

#include <utility>

namespace ctl {
namespace {

constexpr int64_t kKeysOfPage = 1000;

std::string CopyKey(const std::string& key, const MirrorOptions& options) {
  return options.destination_prefix + key.substr(options.prefix.size());
}

etcd::Op CopyEvent(const etcd::Event& event, const MirrorOptions& options) {
  const std::string key = CopyKey(event.kv.key, options);
  if (event.type == etcd::Event::Type::kDelete) return etcd::OpDelete(etcd::KeyRange(key));
  return etcd::OpPut({.key = key, .value = event.kv.value});
}

}  // namespace

std::vector<etcd::TxnRequest> CopyEvents(const std::vector<etcd::Event>& events,
                                         const MirrorOptions& options) {
  std::vector<etcd::TxnRequest> txns;
  int64_t revision = 0;
  for (const etcd::Event& event : events) {
    const bool is_full = !txns.empty() && options.max_txn_ops != 0 &&
                         txns.back().success.size() == options.max_txn_ops;
    if (is_full || event.kv.mod_revision != revision) txns.emplace_back();
    revision = event.kv.mod_revision;
    txns.back().success.push_back(CopyEvent(event, options));
  }
  return txns;
}

Mirror::Mirror(etcd::Client* source, etcd::Client* destination, MirrorOptions options)
    : source_(*source), destination_(*destination), options_(std::move(options)) {}

etcd::Status Mirror::Run() {
  if (options_.revision == 0) {
    if (etcd::Status status = CopyKeys(); !status.ok()) return status;
  }
  return CopyChanges();
}

// All at the revision of the first page.
etcd::Status Mirror::CopyKeys() {
  etcd::GetRequest request = etcd::Prefix(options_.prefix);
  request.limit = kKeysOfPage;
  uint64_t total = 0;
  while (true) {
    const auto page = source_.Get(request, until_canceled_);
    if (!page.ok()) return page.status();
    if (request.revision == 0) {
      request.revision = page->header.revision;
      total = static_cast<uint64_t>(page->count);
    }
    for (const etcd::KeyValue& kv : page->kvs) {
      const auto put =
          destination_.Put({.key = CopyKey(kv.key, options_), .value = kv.value}, until_canceled_);
      if (!put.ok()) return put.status();
      options_.on_keys(static_cast<uint64_t>(++copied_), total);
    }
    if (!page->more || page->kvs.empty()) break;
    request.key = page->kvs.back().key + '\0';
  }
  options_.revision = request.revision + 1;
  return {};
}

etcd::Status Mirror::CopyChanges() {
  etcd::WatchRequest request = etcd::Prefix(options_.prefix);
  request.start_revision = options_.revision;
  etcd::Status failure;
  // Waits for the destination inside the sink: what it has not taken stays at the source's member.
  const etcd::WatchEnding ending =
      source_.Watch(request, until_canceled_, [&](const etcd::WatchResponse& response) {
        for (const etcd::TxnRequest& txn : CopyEvents(response.events, options_)) {
          const auto done = destination_.Txn(txn, until_canceled_);
          if (!done.ok()) {
            failure = done.status();
            return false;
          }
          copied_ += static_cast<int64_t>(txn.success.size());
        }
        return true;
      });
  return failure.ok() ? ending.status : failure;
}

}  // namespace ctl
