#include "utl/recover_verdict.h"

#include <algorithm>
#include <set>
#include <tuple>

namespace utl {
namespace {

auto Advance(const Survivor& survivor) {
  return std::tuple(survivor.last().term, survivor.last().index, survivor.commit,
                    survivor.consistent_index);
}

std::string Entries(base::Index first, base::Index last) {
  if (first == last) return "entry " + ToString(last);
  return "entries " + ToString(first) + " to " + ToString(last);
}

std::string Number(size_t number) {
  return std::to_string(number);
}

class Judging {
 public:
  explicit Judging(const std::vector<Survivor>& survivors) : survivors_(survivors) {}

  Verdict Run() {
    for (size_t i = 0; i < survivors_.size(); ++i) {
      if (!survivors_[i].is_usable()) continue;
      const bool is_better = !verdict_.chosen.has_value() ||
                             Advance(survivors_[*verdict_.chosen]) < Advance(survivors_[i]);
      if (is_better) verdict_.chosen = i;
    }
    if (!verdict_.chosen.has_value()) {
      Say("None of the directories can be gone on from: all of them are damaged.");
      for (const Survivor& survivor : survivors_) TellWayBack(survivor);
      return std::move(verdict_);
    }
    TellChosen();
    TellUncommitted();
    for (size_t i = 0; i < survivors_.size(); ++i) {
      if (i != *verdict_.chosen) TellOther(survivors_[i]);
    }
    for (const Survivor& survivor : survivors_) TellForgotten(survivor);
    TellLoss();
    return std::move(verdict_);
  }

 private:
  const Survivor& chosen() const { return survivors_[*verdict_.chosen]; }
  void Say(std::string line) { verdict_.lines.push_back(std::move(line)); }

  void TellChosen() {
    Say("The most advanced is " + NameOf(chosen()) + " in " + chosen().data_dir +
        ": its log ends at entry " + ToString(chosen().last().index) + " of term " +
        ToString(chosen().last().term) + ".");
  }

  void TellUncommitted() {
    if (chosen().last().index <= chosen().commit) {
      return Say("It knows all entries of its log to be committed.");
    }
    const base::Index first = chosen().commit + 1;
    const bool is_one = first == chosen().last().index;
    Say("It does not know " + Entries(first, chosen().last().index) + " to be committed. " +
        (is_one ? "It may have been answered, and is kept."
                : "They may have been answered, and are kept."));
  }

  void TellOther(const Survivor& other) {
    if (!other.is_usable()) {
      Say(NameOf(other) + " in " + other.data_dir +
          " is damaged and is not gone on from. What it alone had is lost.");
      return TellWayBack(other);
    }
    TellDropped(other);
    const bool are_comparable =
        other.hash.has_value() && chosen().hash.has_value() && other.hash->ok() &&
        chosen().hash->ok() &&
        other.hash->value().compact_revision == chosen().hash->value().compact_revision;
    if (are_comparable && other.hash->value().hash != chosen().hash->value().hash) {
      Say("The keys of " + NameOf(other) + " and " + NameOf(chosen()) + " differ at revision " +
          std::to_string(other.hash->value().revision) + ": one of the two is corrupt.");
    }
  }

  void TellWayBack(const Survivor& damaged) {
    if (!damaged.mends_itself()) return;
    Say("But the log in " + damaged.data_dir +
        " has all entries from the first on: start that member once, which makes its database "
        "anew, stop it, and look again.");
  }

  void TellForgotten(const Survivor& survivor) {
    if (survivor.forgotten.empty() || !survivor.is_usable()) return;
    Say("What " + NameOf(survivor) + " in " + survivor.data_dir +
        " has is less than it had acknowledged, so that it counts as one that is not here: " +
        survivor.forgotten + ".");
  }

  // Logs that have an entry of the same index and term are the same up to there.
  void TellDropped(const Survivor& other) {
    base::Index first = std::max(other.base.index, chosen().base.index) + 1;
    while (first <= other.last().index && first <= chosen().last().index &&
           other.TermOf(first) == chosen().TermOf(first)) {
      first = first + 1;
    }
    if (first > other.last().index) {
      return Say(NameOf(other) + " in " + other.data_dir + " has no entry that it lacks.");
    }
    const bool is_one = first == other.last().index;
    Say(NameOf(other) + " in " + other.data_dir + " has " + Entries(first, other.last().index) +
        ", up to term " + ToString(other.last().term) + ", which it lacks. " +
        (is_one ? "It was" : "They were") + " not committed when term " +
        ToString(chosen().last().term) + " began, and an election among the survivors would drop " +
        (is_one ? "it" : "them") + ", too.");
  }

  // An entry is answered when a majority of the voters has it.
  void TellLoss() {
    std::set<base::MemberId> voters;
    for (const members::Member& member : chosen().members) {
      if (!member.is_learner) voters.insert(member.id);
    }
    std::set<base::MemberId> here;
    for (const Survivor& survivor : survivors_) {
      const bool is_here = survivor.is_usable() && survivor.forgotten.empty();
      if (is_here && voters.contains(survivor.member)) here.insert(survivor.member);
    }
    const size_t missing = voters.size() - here.size();
    const size_t majority = voters.size() / 2 + 1;
    const std::string counts = Number(missing) + " of " + Number(voters.size()) + " voters";
    if (voters.empty() || chosen().changes_members || chosen().is_joint) {
      return Say(
          "Who its members are is about to change, or not known. Whether others have "
          "answered entries that it lacks cannot be known.");
    }
    if (missing < majority) {
      return Say("Nothing that was answered is lost: " + counts + (missing == 1 ? " is" : " are") +
                 " not here, and " + Number(majority) + " have an entry before it is answered.");
    }
    Say(counts +
        " are not here. They are a majority, which may have answered entries that nobody "
        "here has: whether there are any cannot be known.");
  }

  const std::vector<Survivor>& survivors_;
  Verdict verdict_;
};

}  // namespace

Verdict Judge(const std::vector<Survivor>& survivors) {
  return Judging(survivors).Run();
}

}  // namespace utl
