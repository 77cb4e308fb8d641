#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "raft/types.h"
#include "runtime/disk.h"
#include "storage/wal/reader.h"
#include "storage/wal/record.h"
#include "storage/wal/segment.h"
#include "storage/wal/snapshot_mark.h"

namespace wal {

// What one turn of the raft loop wants to be durable. Borrows until Append returns.
struct Batch {
  // Written first: the snapshot's file is durable already.
  const SnapshotMark* mark = nullptr;
  std::span<const raft::Entry> entries = {};
  // Empty if it did not change.
  raft::HardState hard_state = {};
};

// The write-ahead log in append mode: the files of one directory, whose segments it holds locked.
//
// The entries of a write follow one another. Each write ends in a hard state, repeated if it did
// not change, and is durable before the next one begins. So what lies behind a write's end belongs
// to a later write, and damage before it comes from no crash. Logs of other programs do not keep
// to this; ours says so by repeating the metadata in the segment:
//
//   the second   from here on each write ends in a hard state
//   the third    in the segment's head: its file had all its space durably. One that is smaller
//                was cut short by no crash, and what it lacks may have been acknowledged
//
// No write begins in a full segment. It says that another one follows, by kClosingBytes behind its
// end, after that is durable under its name and before anything is written to it: if there is none
// then, no crash took it.
//
// One thread at a time (the WAL thread), which blocks on the disk. A write for which the disk has
// no room fails with kResourceExhausted: nothing of it counts, and it may be tried again. After any
// other failed change the state of the disk is unknown, and every further change is a broken
// invariant: the member must stop, because a replica that may have lied about its log must not
// vote.
class Log {
 public:
  struct Options {
    uint64_t segment_bytes = kSegmentBytes;
    // The database has all entries up to this one: they were durable in the log, so that a log
    // which ends before it, whatever its end looks like, was not cut off by a crash.
    base::Index covered = {};
    // The member votes alone: see Read.
    bool is_sole_voter = false;
    // A log that is not all that was acknowledged is gone on from as far as it can be read.
    bool may_lack_writes = false;
  };
  struct Opened;

  // Makes an empty log in `directory`, which must not have one yet; its parent must exist. The
  // directory, if there was none, and the log appear with their first segment, `metadata`, a mark
  // of index 0 and `first`, which is less than a segment, or not at all. Durable on return.
  static base::Result<std::unique_ptr<Log>> Create(runtime::Disk& disk, std::string_view directory,
                                                   base::ByteView metadata, Options options,
                                                   const Batch& first = {});

  // Opens an existing log and reads it as Read does. What a crash left at its end is cut off,
  // durably, after a copy of the segment was kept as "<segment>.broken", if there is room.
  // kUnavailable if another process holds the log; kDataLoss also for one that ends before
  // options.covered, for one whose newest segment is gone, and for one that was cut short, unless a
  // "<segment>.broken" says that a repair did it, as etcd's does. After an error nothing has
  // changed.
  static base::Result<Opened> Open(runtime::Disk& disk, std::string_view directory,
                                   const SnapshotMark& start, Options options);

  // The same for a log that Open refuses as damaged, by ReadPastDamage: the log begins anew in a
  // segment behind the last one, with a mark at `covered`, an entry that the database has durably.
  // The segments before are kept as "<segment>.broken". Durable on return.
  static base::Result<Opened> OpenPastDamage(runtime::Disk& disk, std::string_view directory,
                                             const SnapshotMark& covered, Options options);

  // The same for a log of which nothing can be read from entry `covered` on (EndsBelow): it begins
  // anew there, with the newest hard state that is found anywhere. What was behind that entry is
  // lost, acknowledged or not. Only for a sole voter: others may have been told of a term and a
  // vote that are lost. kDataLoss if there is more, or too little.
  static base::Result<Opened> OpenBelow(runtime::Disk& disk, std::string_view directory,
                                        const SnapshotMark& covered, Options options);

  // Appends the batch with one write, or with two if there are entries behind a mark; entries that
  // later ones of it replace are left out. Durable on return, unless all that it holds is a hard
  // state which raises only the commit index: that is kept, and written with the next batch. Starts
  // a new segment when the last one is full; if there is no room for that, before the next write.
  // `on_written` runs between the last write and its sync, if there is a write.
  using OnWritten = std::function<void()>;
  base::Status Append(
      const Batch& batch, const OnWritten& on_written = [] {});

  // Writes the hard state that Append has kept, if there is one. Durable on return.
  base::Status WriteState();

  // The path at which another thread should make the next segment, with PrepareSegment and
  // options.segment_bytes; nothing while one is at hand or under way. A log that has none when a
  // segment is full makes one itself, and its Append takes as long as that does.
  std::optional<std::string> RequestSegment();
  // Gives the disk back the segment that is at hand, if one is.
  base::Status DropSpare();
  // The answer to RequestSegment. After a failed one the next request asks again.
  void ProvideSegment(base::Result<PreparedSegment> segment);

  // Gives up the segments that are not needed to read the log after `index`, which must be that
  // of a durable mark and not above the database's durable consistent index. They stay on disk.
  void Release(base::Index index);
  // Removes the oldest of the segments that were given up, as long as there are more than
  // `keep` segments in all, and what repairs have kept of segments that are as old as these.
  base::Status Purge(size_t keep);

  // Renames the segment of this number, and all before it, to "<segment>.broken", if it was given
  // up; otherwise does nothing and returns false. Durable on return.
  base::Result<bool> SetAside(uint64_t sequence);

  // Gives the log's directory another name, under which there is nothing yet, in the same parent.
  // Durable on return.
  base::Status MoveTo(std::string_view directory);

  // Whether the last segment has its space already; without, the disk had none to spare and each
  // append takes some, which is slower.
  bool is_preallocated() const { return is_preallocated_; }
  // Appended since the log was opened.
  uint64_t written_bytes() const { return written_bytes_; }
  // Where the next record goes, in the last segment.
  uint64_t tail_offset() const { return offset_; }
  // The segments held, oldest first.
  std::vector<SegmentName> segments() const;

 private:
  struct Segment {
    SegmentName name;
    std::unique_ptr<runtime::File> file;
  };

  Log(runtime::Disk& disk, std::string_view directory, Options options)
      : disk_(disk), directory_(directory), options_(options) {}

  base::Status CreateFiles(base::ByteView metadata, const Batch& first);
  base::Status LockSegments(const std::vector<SegmentName>& names);
  base::Status RequireCovered(const Tail& tail) const;
  base::Status BeginAnew(const SnapshotMark& mark, const Contents& contents);
  // Puts a segment that begins with what is in buffer_ behind the others. Without room for that it
  // is left as it was.
  base::Status AddSegment(PreparedSegment* segment, const SegmentName& name, uint32_t chain);
  // Returns where what was cut off was kept; nothing if nothing was, or there was no room.
  base::Result<std::string> RepairTail(const Tail& tail);
  // Writes the metadata and the hard state: from here on writes end in one.
  base::Status BeginWrites();
  // What a segment begins with, and whether its space is there.
  void AppendHead(bool is_preallocated, RecordWriter* writer) const;
  base::Status WriteBuffered(uint32_t chain, const OnWritten& on_written);
  void AppendState(RecordWriter* writer);
  base::Result<std::string> KeepBroken(const Segment& segment);
  base::Status CopyBroken(const Segment& segment, const std::string& path);
  // Notes a change that failed, unless the disk had no room for it.
  base::Status Settle(base::Status status);
  base::Status Write(const Batch& batch, const OnWritten& on_written);
  base::Status WriteOnce(const Batch& batch, const OnWritten& on_written);
  base::Status WriteRecords(const Batch& batch, const OnWritten& on_written);
  void Encode(const Batch& batch, RecordWriter* writer);
  bool IsFull() const { return offset_ >= options_.segment_bytes; }
  base::Status Cut();
  base::Status CutIfFull();
  // Says durably in a full segment, which ends at `offset`, that another one follows it.
  base::Status Close(const Segment& full, uint64_t offset);
  base::Status PurgeBroken(size_t keep);
  std::string TemporaryPath(unsigned number) const;
  std::string PathOf(const SegmentName& name) const;

  runtime::Disk& disk_;
  std::string directory_;
  const Options options_;
  base::Bytes metadata_;
  raft::HardState hard_state_;     // the newest; written with the next batch at the latest
  bool keeps_state_ = false;       // it is not written yet
  base::Index last_index_;         // of the last entry written
  std::vector<Segment> segments_;  // oldest first; appends go to the last
  PreparedSegment next_;           // no file: none at hand
  bool requested_ = false;         // one is being made, at TemporaryPath(requested_number_)
  unsigned requested_number_ = 1;
  bool is_preallocated_ = true;
  uint64_t offset_ = 0;
  uint64_t written_bytes_ = 0;
  uint32_t chain_ = 0;
  base::Bytes buffer_;                       // the batch's frames
  base::Bytes payload_;                      // a small record's data
  std::vector<const raft::Entry*> entries_;  // of the batch, without those that are replaced
  bool failed_ = false;
};

// Whether the log ends with its last segment, and that has all the bytes that it had: kDataLoss if
// the one behind it is gone, or if it was cut short, unless a repair did it.
base::Status RequireWhole(const runtime::Disk& disk, const Tail& tail, uint64_t segment_bytes);

struct Log::Opened {
  std::unique_ptr<Log> log;
  Contents contents;
  bool repaired = false;  // something was cut off or passed over
  // What was cut off: all from `offset` on in the segment `path`, of which `copy` was kept, if
  // there was room for it.
  struct CutOff {
    std::string path;
    uint64_t offset = 0;
    base::Index last_index;  // of the last entry or mark before
    std::string copy;
  };
  std::optional<CutOff> cut_off;
};

}  // namespace wal
