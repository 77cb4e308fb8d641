#include "app/self_replacement.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "app/advertised_urls.h"
#include "app/initial_cluster.h"
#include "net/peer/replacement_messages.h"
#include "server/damaged_files.h"
#include "server/replacement.h"
#include "state/members/member.h"

namespace app {
namespace {

constexpr runtime::Duration kPatience = std::chrono::seconds(30);
constexpr runtime::Duration kPause = std::chrono::seconds(1);
constexpr runtime::Duration kAskTimeout = std::chrono::seconds(1);
// Longer than a member takes to answer that it could not.
constexpr runtime::Duration kPostTimeout = std::chrono::seconds(10);

using Urls = std::vector<config::Url>;

std::string IdText(base::MemberId id) {
  return members::HexText(id.value());
}

base::Status ForGood(std::string why) {
  return {base::Code::kFailedPrecondition, std::move(why)};
}

const members::Member* Find(const std::vector<members::Member>& members, base::MemberId id) {
  const auto found = std::find_if(members.begin(), members.end(),
                                  [id](const auto& member) { return member.id == id; });
  return found == members.end() ? nullptr : &*found;
}

// Where others may be, each once and in order: by the flags, and by the member's database.
Urls UrlsOfOthers(const SelfReplacement& with, const server::Options& options) {
  const config::ServerConfig& config = with.bootstrapping.config;
  std::set<std::string> seen;
  for (const config::Url& own : config.cluster.initial_advertise_peer_urls) {
    seen.insert(own.ToString());
  }
  Urls others;
  const auto add = [&](const Urls& urls) {
    for (const config::Url& url : urls) {
      if (seen.insert(url.ToString()).second) others.push_back(url);
    }
  };
  config::ClusterConfig cluster = config.cluster;
  const base::Status found = FindInitialCluster(with.bootstrapping, &cluster);
  const auto initial = config::ParseInitialCluster(cluster.initial_cluster);
  if (found.ok() && initial.ok()) {
    for (const auto& [name, urls] : *initial) {
      if (name != config.member.name) add(urls);
    }
  }
  for (const members::Member& member : server::MembersIn(options, with.environment)) {
    const auto urls = PeerUrlsOf(member);
    if (urls.ok()) add(*urls);
  }
  return others;
}

// The member at the URLs that this one advertises; null if there is none.
const members::Member* AtOwnUrls(const SelfReplacement& with,
                                 const std::vector<members::Member>& members) {
  const Bootstrapping& bootstrapping = with.bootstrapping;
  const auto found = std::find_if(members.begin(), members.end(), [&](const auto& member) {
    const auto urls = PeerUrlsOf(member);
    return urls.ok() && Difference(bootstrapping.config.cluster.initial_advertise_peer_urls, *urls,
                                   bootstrapping.resolve)
                            .empty();
  });
  return found == members.end() ? nullptr : &*found;
}

// Founders have their names before they run.
bool HasRun(const members::Member& member, const std::string& token) {
  const bool is_founder = member.id == members::InitialMemberId(member.peer_urls, token);
  return !member.client_urls.empty() || (!is_founder && !member.name.empty());
}

// Asks until it is answered.
class Asking {
 public:
  Asking(const SelfReplacement& with, const server::Options& options)
      : with_(with), options_(options), others_(UrlsOfOthers(with, options)) {}

  base::Status Open() {
    ASSIGN_OR_RETURN(owner_, server::OwnerOf(disk(), options_));
    auto note = server::ReadReplacement(disk(), options_);
    if (!note.ok()) {  // what it says of a successor is lost; there will be another one
      logger().Warn("cannot read the note of a replacement", {{"error", note.status().message()}});
    } else {
      note_ = *std::move(note);
    }
    return {};
  }

  // One round. kFailedPrecondition if further ones are in vain.
  base::Result<server::Replacement> AskOnce() {
    if (others_.empty()) return ForGood("no other member is known");
    ASSIGN_OR_RETURN(const RunningCluster cluster,
                     AskMembers(with_.bootstrapping.ask, others_, kAskTimeout, logger()));
    if (owner_.has_value() && owner_->cluster != cluster.id) {
      return ForGood("the others belong to another cluster, " +
                     members::HexText(cluster.id.value()));
    }
    RETURN_IF_ERROR(Note(cluster));
    ASSIGN_OR_RETURN(const std::vector<members::Member> members, AskEach(cluster));
    const members::Member* const successor = Find(members, note_->successor);
    if (successor == nullptr) {
      return base::Status(base::Code::kUnavailable, "the successor is no member yet");
    }
    // It was agreed before, and the files that were lost are the successor's.
    if (!successor->name.empty()) {
      RETURN_IF_ERROR(Write(*successor, cluster.id));
      return base::Status(base::Code::kUnavailable, "the successor has run already");
    }
    return *note_;
  }

 private:
  runtime::Disk& disk() { return *with_.environment.disk; }
  const observe::Logger& logger() const { return with_.bootstrapping.logger; }

  // The member whose files these were; null if it is none any more.
  const members::Member* Self(const std::vector<members::Member>& members) const {
    if (owner_.has_value()) return Find(members, owner_->member);
    if (note_.has_value()) {
      for (const base::MemberId id : {note_->successor, note_->member}) {
        if (const members::Member* const member = Find(members, id)) return member;
      }
    }
    return AtOwnUrls(with_, members);
  }

  // Sees to it that the note is one of this member.
  base::Status Note(const RunningCluster& cluster) {
    const members::Member* const self = Self(cluster.members);
    const bool is_gone_on_with =
        note_.has_value() && (self == nullptr || self->id == note_->member ||
                              (self->id == note_->successor && !owner_.has_value()));
    if (is_gone_on_with && owner_.has_value() && owner_->member != note_->member) {
      return ForGood("member " + IdText(owner_->member) + " was removed from the cluster");
    }
    if (is_gone_on_with) {
      if (self == nullptr || self->peer_urls == note_->peer_urls) return {};
      note_->peer_urls = self->peer_urls;
      return server::WriteReplacement(disk(), options_, *note_);
    }
    if (self != nullptr) return Write(*self, cluster.id);
    return ForGood(owner_.has_value()
                       ? "member " + IdText(owner_->member) + " was removed from the cluster"
                       : "the cluster has no member at its peer URLs");
  }

  base::Status Write(const members::Member& self, base::ClusterId cluster) {
    const bool was_to_vote = note_.has_value() && note_->successor == self.id && note_->is_voter;
    note_ = server::NewReplacement(self, cluster, with_.clock.WallNow());
    note_->is_voter = note_->is_voter || was_to_vote;
    return server::WriteReplacement(disk(), options_, *note_);
  }

  // What the leader answers; kUnavailable, with what everybody says, if none does.
  base::Result<std::vector<members::Member>> AskEach(const RunningCluster& cluster) {
    std::string said;
    for (const members::Member& member : cluster.members) {
      if (member.id == note_->member || member.id == note_->successor) continue;
      const auto answer = Post(member);
      if (answer.ok()) return answer;
      if (answer.status().code() == base::Code::kFailedPrecondition) return answer.status();
      said += (said.empty() ? "" : "; ") + IdText(member.id) + ": " +
              std::string(answer.status().message());
    }
    return base::Status(base::Code::kUnavailable, said.empty() ? "there are no others" : said);
  }

  base::Result<std::vector<members::Member>> Post(const members::Member& member) {
    base::Status last(base::Code::kUnavailable, "it has no peer URL");
    ASSIGN_OR_RETURN(const Urls urls, PeerUrlsOf(member));
    for (const config::Url& url : urls) {
      const base::Result<PeerAnswer> answer =
          with_.post(url, std::string(peer::kReplace), server::ToJson(*note_), kPostTimeout);
      if (!answer.ok()) {
        last = {base::Code::kUnavailable, answer.status().message()};
        continue;
      }
      RETURN_IF_ERROR(peer::ReplacementAnswer(answer->status, answer->body));
      return members::MembersFromJson(answer->body);
    }
    return last;
  }

  const SelfReplacement& with_;
  const server::Options& options_;
  const Urls others_;
  std::optional<server::LogMetadata> owner_;  // of the log, if that can be told
  std::optional<server::Replacement> note_;
};

base::Result<server::Replacement> AskUntilAnswered(const SelfReplacement& with,
                                                   const server::Options& options) {
  Asking asking(with, options);
  RETURN_IF_ERROR(asking.Open());
  const runtime::TimePoint deadline = with.clock.Now() + kPatience;
  base::Status told;
  for (;;) {
    base::Result<server::Replacement> replacement = asking.AskOnce();
    const bool is_final =
        replacement.ok() || replacement.status().code() == base::Code::kFailedPrecondition;
    if (is_final || with.clock.Now() >= deadline) return replacement;
    if (replacement.status() != told) {
      told = replacement.status();
      with.bootstrapping.logger.Warn("not replaced yet", {{"error", told.message()}});
    }
    with.bootstrapping.pause(kPause);
  }
}

}  // namespace

base::Result<bool> HasLostLog(const SelfReplacement& with, const server::Options& options) {
  const auto note = server::ReadReplacement(*with.environment.disk, options);
  const bool is_noted = note.ok() && note->has_value();
  const base::Result<RunningCluster> running = AskMembers(
      with.bootstrapping.ask, UrlsOfOthers(with, options), kAskTimeout, with.bootstrapping.logger);
  if (!running.ok()) return is_noted;
  const members::Member* const self = AtOwnUrls(with, running->members);
  if (self == nullptr) return is_noted && (*note)->cluster == running->id;
  if (HasRun(*self, with.bootstrapping.config.cluster.initial_cluster_token)) return true;
  return is_noted && (*note)->successor == self->id;
}

base::Status ReplaceSelf(const SelfReplacement& with, const base::Status& loss,
                         server::Options* options) {
  const observe::Logger& logger = with.bootstrapping.logger;
  logger.Error("this member may have lost what it has promised; it asks the others to replace it",
               {{"error", loss.message()}});
  const auto replacement = AskUntilAnswered(with, *options);
  if (!replacement.ok()) {
    const bool is_for_good = replacement.status().code() == base::Code::kFailedPrecondition;
    return {
        loss.code(),
        std::string(loss.message()) +
            "; nor is it replaced: " + std::string(replacement.status().message()) +
            (is_for_good ? ""
                         : "; a majority of the members must run and reach each other; if it is "
                           "lost for good, etcdutl recover makes a new cluster of what is left")};
  }
  RETURN_IF_ERROR(server::PutFilesAside(*with.environment.disk, *options, replacement->successor));
  options->join_existing_cluster = true;
  options->joining = server::JoiningOf(*replacement);
  logger.Warn("another member takes the place of this one; its files are kept",
              {{"replaced-member-id", IdText(replacement->member)},
               {"member-id", IdText(replacement->successor)},
               {"kept-in", server::AsidePath(*options, replacement->successor)},
               {"log-kept-in", server::AsideLogPath(*options, replacement->successor)}});
  return {};
}

}  // namespace app
