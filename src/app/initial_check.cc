#include "app/initial_check.h"

#include <string>

#include "base/errors.h"
#include "net/peer/hash_answer.h"

namespace app {
namespace {

std::string IdText(base::MemberId id) {
  return members::HexText(id.value());
}

base::Result<server::MemberHash> Ask(const InitialCheck& check, const members::Member& member) {
  base::Result<server::MemberHash> told =
      base::Status(base::Code::kUnavailable, "it has no peer URL");
  const std::string question = peer::HashQuestion(base::Revision(check.own.revision));
  for (const std::string& text : member.peer_urls) {
    const base::Result<config::Url> url = config::ParseUrl(text);
    if (!url.ok()) continue;
    const base::Result<PeerAnswer> answer =
        check.ask(*url, "/members/hashkv", question, check.timeout);
    told = answer.ok() ? peer::HashOf(answer->status, answer->body) : answer.status();
    if (answer.ok()) return told;
  }
  return told;
}

void LogSilence(const InitialCheck& check, const members::Member& member, const base::Status& why) {
  std::string text = "cannot fetch hash from remote peer";
  if (why == base::errors::kFutureRevision) text = "cannot fetch hash from slow remote peer";
  if (why == base::errors::kCompacted) text += "; local member is behind";
  check.logger.Warn(text, {{"local-member-id", IdText(check.self)},
                           {"local-member-revision", check.own.revision},
                           {"local-member-compact-revision", check.own.compact_revision},
                           {"local-member-hash", check.own.hash},
                           {"remote-peer-id", IdText(member.id)},
                           {"remote-peer-endpoints", member.peer_urls},
                           {"error", why.message()}});
}

// Whether the keys of the member, which has told their hash, are others.
bool Differs(const InitialCheck& check, const members::Member& member,
             const server::MemberHash& told) {
  if (told.hash.hash == check.own.hash) return false;
  const bool is_comparable = told.hash.compact_revision == check.own.compact_revision;
  check.logger.Warn(is_comparable ? "found different hash values from remote peer"
                                  : "found different compact revision values from remote peer",
                    {{"local-member-id", IdText(check.self)},
                     {"local-member-revision", check.own.revision},
                     {"local-member-compact-revision", check.own.compact_revision},
                     {"local-member-hash", check.own.hash},
                     {"remote-peer-id", IdText(member.id)},
                     {"remote-peer-endpoints", member.peer_urls},
                     {"remote-peer-revision", told.current.value()},
                     {"remote-peer-compact-revision", told.hash.compact_revision},
                     {"remote-peer-hash", told.hash.hash}});
  return is_comparable;
}

}  // namespace

base::Status CheckInitialCorruption(const InitialCheck& check) {
  check.logger.Info("starting initial corruption check",
                    {{"local-member-id", IdText(check.self)}, {"timeout", check.timeout}});
  bool differs = false;
  for (const members::Member& member : check.members) {
    if (member.id == check.self) continue;
    const base::Result<server::MemberHash> told = Ask(check, member);
    if (!told.ok()) {
      LogSilence(check, member, told.status());
      continue;
    }
    differs = Differs(check, member, *told) || differs;
  }
  if (differs) {
    return {base::Code::kFailedPrecondition,
            IdText(check.self) + " found data inconsistency with peers"};
  }
  check.logger.Info("initial corruption checking passed; no corruption",
                    {{"local-member-id", IdText(check.self)}});
  return {};
}

}  // namespace app
