#include <cstdio>
#include <iostream>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "raft/codec.h"
#include "runtime/posix/disk.h"
#include "runtime/random.h"
#include "storage/snap/snapshot_directory.h"
#include "storage/wal/log.h"

// Our side of the tests against etcd's packages for the log and for snapshot files:
//
//   log_tool dump DIRECTORY         what DIRECTORY/wal says after its newest mark, and before it
//                                   the newest snapshot of DIRECTORY/snap
//   log_tool write DIRECTORY        a log and snapshots of many kinds, and then the same
//
//   dump = [ "snapshot " term " " index " " conf-state " " data LF ]
//          "mark " term " " index " " conf-state LF
//          "metadata " bytes LF
//          "state " term " " vote " " commit LF
//          { "entry " term " " index " " type " " data LF }       numbers decimal, bytes in hex
//
// Prints what is wrong and exits with 1 if something is.

namespace {

constexpr wal::Log::Options kLogOptions{.segment_bytes = 16 * 1024};
constexpr uint64_t kBatches = 300;

std::string Hex(base::ByteView bytes) {
  std::string text;
  char digits[3];
  for (const char byte : bytes) {
    std::snprintf(digits, sizeof digits, "%02x", static_cast<unsigned char>(byte));
    text += digits;
  }
  return text;
}

base::Status Dump(runtime::Disk& disk, const std::string& directory) {
  const std::string log = runtime::JoinPath(directory, "wal");
  ASSIGN_OR_RETURN(const wal::SnapshotMark mark, wal::FindNewestMark(disk, log));
  ASSIGN_OR_RETURN(const wal::ReadLog read, wal::Read(disk, log, mark));
  snap::SnapshotDirectory snapshots(&disk, runtime::JoinPath(directory, "snap"));
  ASSIGN_OR_RETURN(const auto snapshot,
                   snapshots.LoadNewest([](const snap::SnapshotName&) { return true; }));
  if (snapshot.has_value()) {
    std::cout << "snapshot " << snapshot->term.value() << ' ' << snapshot->index.value() << ' '
              << Hex(snapshot->conf_state) << ' ' << Hex(snapshot->data) << '\n';
  }
  std::cout << "mark " << mark.term.value() << ' ' << mark.index.value() << ' '
            << Hex(mark.conf_state) << '\n';
  const wal::Contents& contents = read.contents;
  std::cout << "metadata " << Hex(contents.metadata) << '\n';
  std::cout << "state " << contents.hard_state.term.value() << ' '
            << contents.hard_state.vote.value() << ' ' << contents.hard_state.commit.value()
            << '\n';
  for (const raft::Entry& entry : contents.entries) {
    std::cout << "entry " << entry.term.value() << ' ' << entry.index.value() << ' '
              << static_cast<int>(entry.type) << ' ' << Hex(entry.data.view()) << '\n';
  }
  return {};
}

// A member's log as it goes: entries that replace others, terms that change, snapshots.
class Writer {
 public:
  Writer(std::unique_ptr<wal::Log> log, snap::SnapshotDirectory* snapshots)
      : log_(std::move(log)), snapshots_(*snapshots) {}

  base::Status Run() {
    for (uint64_t batch = 0; batch < kBatches; ++batch) {
      RETURN_IF_ERROR(Append());
      if (batch % 50 == 49) RETURN_IF_ERROR(Snapshot());
    }
    return Append();
  }

 private:
  base::Status Append() {
    if (random_.OneIn(20)) {
      // A new leader: what is not committed is replaced.
      ++state_.term;
      state_.vote = base::MemberId(random_.Between(1, 3));
      last_ = state_.commit;
    }
    std::vector<raft::Entry> entries;
    for (uint64_t count = random_.Below(5); count > 0; --count) {
      ++last_;
      entries.push_back({.term = state_.term,
                         .index = last_,
                         .type = static_cast<raft::EntryType>(random_.Below(3)),
                         .data = base::SharedBytes(base::Bytes(
                             random_.Below(400), static_cast<char>(random_.Below(256))))});
    }
    RETURN_IF_ERROR(log_->Append({.entries = entries, .hard_state = state_}));
    state_.commit = base::Index(random_.Between(state_.commit.value(), last_.value()));
    return {};
  }

  base::Status Snapshot() {
    snap::Snapshot snapshot{state_.commit, state_.term, {}, "{\"membership\":1}"};
    raft::Encode(raft::ConfState{.voters = {base::MemberId(1), base::MemberId(2)}},
                 &snapshot.conf_state);
    RETURN_IF_ERROR(snapshots_.Save(snapshot));
    const wal::SnapshotMark mark{snapshot.index, snapshot.term, snapshot.conf_state};
    RETURN_IF_ERROR(log_->Append({.hard_state = state_}));
    RETURN_IF_ERROR(log_->Append({.mark = &mark}));
    log_->Release(mark.index);
    return log_->Purge(3);
  }

  const std::unique_ptr<wal::Log> log_;
  snap::SnapshotDirectory& snapshots_;
  runtime::Random random_{1};
  raft::HardState state_{.term = base::Term(1), .vote = base::MemberId(1)};
  base::Index last_;
};

base::Status Write(runtime::Disk& disk, const std::string& directory) {
  const std::string snap = runtime::JoinPath(directory, "snap");
  RETURN_IF_ERROR(disk.CreateDirectories(snap));
  ASSIGN_OR_RETURN(auto log, wal::Log::Create(disk, runtime::JoinPath(directory, "wal"), "metadata",
                                              kLogOptions));
  snap::SnapshotDirectory snapshots(&disk, snap);
  RETURN_IF_ERROR(Writer(std::move(log), &snapshots).Run());
  return Dump(disk, directory);
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view command = argc == 3 ? argv[1] : "";
  base::Status status(base::Code::kInvalidArgument, "usage: log_tool dump|write DIRECTORY");
  runtime::posix::Disk disk;
  if (command == "dump") status = Dump(disk, argv[2]);
  if (command == "write") status = Write(disk, argv[2]);
  if (!status.ok()) std::cerr << status.ToString() << '\n';
  return status.ok() ? 0 : 1;
}
