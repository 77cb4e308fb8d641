#include "server/corruption_checker.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/errors.h"
#include "server/alarm.h"
#include "state/members/member.h"
#include "storage/mvcc/reads.h"

namespace server {
namespace {

// Of checks in which a compaction is not looked at.
constexpr uint32_t kRestMax = 8;

std::string IdText(base::MemberId id) {
  return members::HexText(id.value());
}

std::vector<std::string> IdTexts(const std::vector<base::MemberId>& ids) {
  std::vector<std::string> texts;
  for (const base::MemberId id : ids) texts.push_back(IdText(id));
  return texts;
}

// Never what was computed while compacting, whose compact revision is an older one.
base::Result<mvcc::KeyValueHash> HashNow(mvcc::Store* store) {
  mvcc::Reads reads(store);
  ASSIGN_OR_RETURN(const auto pin, reads.Pin({}));
  return pin->Hash();
}

}  // namespace

struct CorruptionChecker::PeriodicCheck {
  std::shared_ptr<apply::State> state;
  LeaderKeys leader;
  MemberHashes told;
};

struct CorruptionChecker::CompactionCheck {
  std::vector<mvcc::KeyValueHash> hashes;  // ascending; the last is next
  size_t looked_at = 0;
};

CorruptionChecker::CorruptionChecker(const Options& options, const Environment& environment,
                                     const Parts& parts)
    : options_(options),
      environment_(environment),
      parts_(parts),
      timer_(environment.apply_loop->NewTimer([this] { OnTimer(); })),
      compaction_timer_(environment.apply_loop->NewTimer([this] { OnCompactionTimer(); })) {}

void CorruptionChecker::Start() {
  if (environment_.transport == nullptr) return;
  if (options_.corrupt_check_interval > runtime::Duration(0)) {
    environment_.logger->Info(
        "enabled corruption checking",
        {{"local-member-id", IdText(parts_.self)}, {"interval", options_.corrupt_check_interval}});
    timer_->Arm(options_.corrupt_check_interval);
  }
  if (options_.compact_hash_check_interval > runtime::Duration(0)) {
    compaction_timer_->Arm(options_.compact_hash_check_interval);
  }
}

void CorruptionChecker::Hash(std::shared_ptr<apply::State> state, OnHash done) {
  const auto hash = std::make_shared<base::Result<mvcc::KeyValueHash>>(base::errors::kStopped);
  const bool accepted =
      environment_.bulk_workers->Run([state, hash] { *hash = HashNow(&state->store()); },
                                     environment_.apply_loop, [hash, done] { done(*hash); });
  if (!accepted) done(base::Status(base::errors::kTooManyRequests));
}

void CorruptionChecker::AskOthers(base::Revision at, OnTold done) {
  environment_.transport->AskHashes(
      at, options_.request_timeout(),
      [this, loop = environment_.apply_loop, done = std::move(done)](MemberHashes answers) {
        loop->Post([this, done, answers = std::move(answers)]() mutable {
          MemberHashes told;
          for (const auto& [id, member] : parts_.apply_loop->members().members()) {
            if (id == parts_.self) continue;
            const auto answer = answers.find(id);
            told.emplace(id, answer != answers.end()
                                 ? std::move(answer->second)
                                 : base::Status(base::Code::kUnavailable, "it was not asked"));
          }
          done(told);
        });
      });
}

void CorruptionChecker::OnTimer() {
  timer_->Arm(options_.corrupt_check_interval);
  if (!leads() || checking_) return;
  checking_ = true;
  auto check = std::make_shared<PeriodicCheck>();
  check->state = parts_.apply_loop->state().Get();
  HashOwn(std::move(check));
}

void CorruptionChecker::HashOwn(std::shared_ptr<PeriodicCheck> check) {
  Hash(check->state, [this, check](const auto& hash) {
    if (!hash.ok()) return FailPeriodic(hash.status());
    check->leader.asked = *hash;
    check->state.reset();
    AskForPeriodic(check);
  });
}

void CorruptionChecker::AskForPeriodic(std::shared_ptr<PeriodicCheck> check) {
  AskOthers(base::Revision(check->leader.asked.revision), [this, check](const MemberHashes& told) {
    check->told = told;
    CatchUp(check);
  });
}

void CorruptionChecker::CatchUp(std::shared_ptr<PeriodicCheck> check) {
  parts_.frontend->ReadIndex([this, check](const base::Status& status) {
    if (!status.ok()) return FailPeriodic(status);
    check->state = parts_.apply_loop->state().Get();
    const mvcc::Store& store = check->state->store();
    check->leader.current = store.revision();
    check->leader.compacted = store.compact_revision();
    const bool is_unchanged =
        check->leader.current.value() == check->leader.asked.revision &&
        check->leader.compacted.value() == check->leader.asked.compact_revision;
    if (is_unchanged) return HashOwnAgain(check);
    EndPeriodic(*check);
  });
}

void CorruptionChecker::HashOwnAgain(std::shared_ptr<PeriodicCheck> check) {
  Hash(check->state, [this, check](const auto& hash) {
    if (!hash.ok()) return FailPeriodic(hash.status());
    const mvcc::KeyValueHash& before = check->leader.asked;
    const bool is_comparable =
        hash->revision == before.revision && hash->compact_revision == before.compact_revision;
    if (is_comparable && hash->hash != before.hash) {
      environment_.logger->Warn("found hash mismatch",
                                {{"revision-1", before.revision},
                                 {"compact-revision-1", before.compact_revision},
                                 {"hash-1", before.hash},
                                 {"revision-2", hash->revision},
                                 {"compact-revision-2", hash->compact_revision},
                                 {"hash-2", hash->hash}});
      RaiseAlarm(parts_.self);
      return EndPeriodic({});
    }
    EndPeriodic(*check);
  });
}

void CorruptionChecker::EndPeriodic(const PeriodicCheck& check) {
  checking_ = false;
  // Another one may know more by now.
  if (!leads()) return;
  const std::vector<Contradiction> found = Contradictions(check.leader, check.told);
  for (const Contradiction& contradiction : found) {
    const MemberHash& told = *check.told.at(contradiction.member);
    environment_.logger->Warn(contradiction.text,
                              {{"leader-revision", check.leader.current.value()},
                               {"leader-compact-revision", check.leader.compacted.value()},
                               {"leader-hash", check.leader.asked.hash},
                               {"follower-revision", told.current.value()},
                               {"follower-compact-revision", told.hash.compact_revision},
                               {"follower-hash", told.hash.hash},
                               {"follower-peer-id", IdText(contradiction.member)}});
  }
  if (!found.empty()) RaiseAlarm(found.front().member);
  const auto checked = std::count_if(check.told.begin(), check.told.end(),
                                     [](const auto& told) { return told.second.ok(); });
  environment_.logger->Info("finished peer corruption check",
                            {{"number-of-peers-checked", checked}});
}

void CorruptionChecker::FailPeriodic(const base::Status& why) {
  checking_ = false;
  environment_.logger->Warn("failed to check hash KV", {{"error", why.message()}});
}

void CorruptionChecker::OnCompactionTimer() {
  compaction_timer_->Arm(options_.compact_hash_check_interval);
  if (!leads() || comparing_) return;
  auto check = std::make_shared<CompactionCheck>();
  check->hashes = HashesToCompare();
  if (check->hashes.empty() || parts_.apply_loop->members().members().size() < 2) return;
  comparing_ = true;
  environment_.logger->Info(
      "starting compact hash check",
      {{"local-member-id", IdText(parts_.self)}, {"timeout", options_.request_timeout()}});
  CompareNext(std::move(check));
}

std::vector<mvcc::KeyValueHash> CorruptionChecker::HashesToCompare() {
  std::vector<mvcc::KeyValueHash> hashes;
  std::map<int64_t, Rest> rests;
  for (const mvcc::KeyValueHash& hash :
       parts_.apply_loop->state().Get()->store().compaction_hashes()) {
    if (hash.revision <= compared_) continue;
    Rest& rest = rests[hash.revision] = rests_[hash.revision];
    if (rest.left > 0) {
      --rest.left;
    } else {
      hashes.push_back(hash);
    }
  }
  rests_ = std::move(rests);
  return hashes;
}

void CorruptionChecker::RestFrom(int64_t revision) {
  Rest& rest = rests_[revision];
  rest.last = rest.last == 0 ? 1 : std::min(2 * rest.last, kRestMax);
  rest.left = rest.last;
}

void CorruptionChecker::CompareNext(std::shared_ptr<CompactionCheck> check) {
  const mvcc::KeyValueHash own = check->hashes.back();
  check->hashes.pop_back();
  ++check->looked_at;
  AskOthers(base::Revision(own.revision), [this, check, own](const MemberHashes& told) {
    if (leads() && !EndComparison(*check, own, told)) return CompareNext(check);
    comparing_ = false;
    environment_.logger->Info("finished compaction hash check",
                              {{"number-of-hashes-checked", check->looked_at}});
  });
}

bool CorruptionChecker::EndComparison(const CompactionCheck& check, const mvcc::KeyValueHash& own,
                                      const MemberHashes& told) {
  const HashVerdict verdict = CompareCompaction(parts_.self, own, told);
  switch (verdict.outcome) {
    case HashVerdict::Outcome::kEqual:
      environment_.logger->Info("successfully checked hash on whole cluster",
                                {{"number-of-peers-checked", verdict.checked},
                                 {"revision", own.revision},
                                 {"compact-revision", own.compact_revision}});
      compared_ = std::max(compared_, own.revision);
      return true;
    case HashVerdict::Outcome::kIncomplete:
      environment_.logger->Warn(
          "skipped revision in compaction hash check; was not able to check all peers",
          {{"number-of-peers-checked", verdict.checked},
           {"number-of-peers", told.size()},
           {"revision", own.revision},
           {"compact-revision", own.compact_revision}});
      RestFrom(own.revision);
      return check.hashes.empty();
    case HashVerdict::Outcome::kDifferent:
      break;
  }
  for (const auto& [hash, members] : verdict.groups) {
    environment_.logger->Error("Detected compaction hash mismatch",
                               {{"leader-id", IdText(parts_.self)},
                                {"leader-revision", own.revision},
                                {"leader-compact-revision", own.compact_revision},
                                {"leader-hash", own.hash},
                                {"peer-ids", IdTexts(members)},
                                {"peer-hash", hash}});
  }
  if (verdict.corrupt.empty()) {
    environment_.logger->Error(
        "Detected compaction hash mismatch but cannot identify the corrupted members, so "
        "intentionally set the memberID as 0",
        {{"leader-id", IdText(parts_.self)},
         {"leader-revision", own.revision},
         {"leader-compact-revision", own.compact_revision},
         {"leader-hash", own.hash}});
    RaiseAlarm(base::MemberId());
  }
  for (const base::MemberId member : verdict.corrupt) RaiseAlarm(member);
  return true;
}

// One that does not get into the log is raised by the next check.
void CorruptionChecker::RaiseAlarm(base::MemberId member) {
  const auto state = parts_.apply_loop->state().Get();
  if (state->alarms().all().contains({member, alarms::Type::kCorrupt})) return;
  server::RaiseAlarm(parts_.frontend, alarms::Type::kCorrupt, member,
                     [this, member](const apply::Reply& reply) {
                       if (reply.status.ok() || reply.status == base::errors::kStopped) return;
                       environment_.logger->Warn(
                           "failed to raise the alarm CORRUPT",
                           {{"member-id", IdText(member)}, {"error", reply.status.message()}});
                     });
}

}  // namespace server
