#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "observe/testing/memory_sink.h"
#include "proto/raft_internal.pb.h"
#include "proto/rpc.pb.h"
#include "runtime/simulated/scheduler.h"
#include "runtime/simulated/workers.h"
#include "server/apply_loop.h"
#include "server/frontend.h"
#include "state/apply/request_codec.h"
#include "storage/backend/memory_backend.h"
#include "storage/mvcc/change_reader.h"
#include "storage/schema/schema.h"

// What the loops of the clients hear of changes: Frontend::Listen.

namespace server {
namespace {

using etcdserverpb::InternalRaftRequest;
using MemoryDatabase = std::shared_ptr<backend::MemoryDatabase>;
using std::chrono::milliseconds;
using std::chrono::seconds;

MemoryDatabase NewDatabase() {
  return backend::NewMemoryDatabase(schema::kBucketNames.size());
}

// The apply loop of a member, fed by the test, and two loops with frontends.
class Member {
 public:
  explicit Member(uint64_t seed, const MemoryDatabase& database = NewDatabase())
      : scheduler_(seed), workers_(&scheduler_, {.latency_min = {}, .latency_max = seconds(0)}) {
    environment_.apply_loop = loops_[2].get();
    environment_.backend_loop = loops_[3].get();
    environment_.bulk_workers = &workers_;
    environment_.logger = &logger_;
    environment_.registry = &registry_;
    environment_.move_backend = [](const std::string&, const std::string&) -> base::Status {
      return {};
    };
    environment_.open_backend = [this](const std::string&, backend::OnDamage) {
      return base::Result<std::unique_ptr<backend::Backend>>(backend::OpenMemoryBackend(received));
    };
    auto state = apply::State::Open(backend::OpenMemoryBackend(database), {}, &scheduler_.clock());
    apply_loop_ =
        std::make_unique<ApplyLoop>(options_, environment_, &ids_, &progress_, &failure_, Hooks(),
                                    std::move(state).value(), raft::EntryId(), base::Index());
    for (size_t origin = 0; origin < ids_.origins(); ++origin) {
      frontends_.push_back(std::make_unique<Frontend>(
          options_, Frontend::Parts{loops_[origin].get(), &ids_, origin, nullptr, apply_loop_.get(),
                                    &progress_, &registry_}));
    }
  }

  static std::string KeyOf(int64_t number) { return "k" + std::to_string(number % 7); }

  // Applies `count` puts, as one batch of committed entries.
  void Put(int count, uint64_t id = 0) {
    std::vector<raft::Entry> entries;
    for (int i = 0; i < count; ++i) {
      etcdserverpb::PutRequest put;
      put.set_key(KeyOf(static_cast<int64_t>(++puts_)));
      entries.push_back(NewEntry(InternalRaftRequest::kPutFieldNumber, put, id));
    }
    apply_loop_->Apply(std::move(entries));
  }
  void Compact(base::Revision to) {
    etcdserverpb::CompactionRequest compact;
    compact.set_revision(to.value());
    apply_loop_->Apply({NewEntry(InternalRaftRequest::kCompactionFieldNumber, compact, 0)});
  }
  // Goes on from the database `received`, which is as the last of `count` further puts left it.
  void Install(int count) {
    puts_ += static_cast<uint64_t>(count);
    last_ = last_ + static_cast<uint64_t>(count);
    apply_loop_->Install({base::Term(1), last_});
  }
  void MakeDurable() {
    bool durable = false;
    apply_loop_->WhenDurable([&durable] { durable = true; });
    RunFor(seconds(1));
    EXPECT_TRUE(durable);
  }
  // The revision that all puts so far come to.
  int64_t revision() const { return 1 + static_cast<int64_t>(puts_); }

  void RunFor(runtime::Duration duration) { scheduler_.RunFor(duration); }
  // Runs `task` on the loop of frontend `origin`.
  template <typename Task>
  void On(size_t origin, Task task) {
    loops_[origin]->Post(std::move(task));
    RunFor(milliseconds(1));
  }
  void SetPaused(size_t origin, bool paused) { scheduler_.SetPaused(loops_[origin].get(), paused); }
  Frontend& frontend(size_t origin) { return *frontends_[origin]; }
  const RequestIds& ids() const { return ids_; }

  MemoryDatabase received;
  int handed_over = 0;  // to the frontends

 private:
  ApplyLoop::Hooks Hooks() {
    return {.on_applied = [](base::Index, std::vector<raft::ConfChangeV2>) {},
            .on_completed =
                [this](size_t origin, std::vector<Completion> completions,
                       std::optional<base::Revision> changed) {
                  ++handed_over;
                  frontends_[origin]->Complete(std::move(completions), changed);
                },
            .send_snapshot = [](raft::Message, std::unique_ptr<backend::Reader>) {},
            .save_snapshot = [](snap::Snapshot, base::Callback<void(bool)> done) { done(true); },
            .on_members = [](ClusterMembers) {}};
  }
  raft::Entry NewEntry(uint32_t field, const google::protobuf::MessageLite& request, uint64_t id) {
    base::Bytes payload;
    apply::EncodeEntry(id, {}, field, request.SerializeAsString(), &payload);
    raft::Entry entry{.term = base::Term(1), .index = last_ = last_ + 1};
    entry.data = base::SharedBytes(payload);
    return entry;
  }

  runtime::simulated::Scheduler scheduler_;
  std::vector<std::unique_ptr<runtime::Loop>> NewLoops() {
    std::vector<std::unique_ptr<runtime::Loop>> loops;
    for (const char* const name : {"one", "two", "apply", "backend"}) {
      loops.push_back(scheduler_.NewLoop(name));
    }
    return loops;
  }
  const std::vector<std::unique_ptr<runtime::Loop>> loops_ = NewLoops();
  runtime::simulated::Workers workers_;
  observe::testing::MemorySink sink_;
  observe::Logger logger_{&scheduler_.clock(), &sink_, {}};
  observe::Registry registry_;
  Options options_;
  Environment environment_;
  const RequestIds ids_{base::MemberId(9), runtime::WallTime{}, 2};
  Progress progress_;
  Failure failure_{[](const base::Status& why) { ADD_FAILURE() << why.ToString(); }};
  std::unique_ptr<ApplyLoop> apply_loop_;
  std::vector<std::unique_ptr<Frontend>> frontends_;
  uint64_t puts_ = 0;
  base::Index last_;
};

// Reads all changes, from the one after the first revision that it hears of.
class Listener {
 public:
  Listener(Member* member, size_t origin) : member_(*member), origin_(origin) {
    member->On(origin, [this] {
      frontend().Listen([this](base::Revision revision) { OnChanged(revision); });
    });
  }
  void Leave() {
    member_.On(origin_, [this] { frontend().Listen(nullptr); });
  }

  // That each change since it began was seen once, in order, up to the newest.
  void ExpectAll() const {
    ASSERT_TRUE(began_at_.has_value());
    EXPECT_TRUE(missed_.ok()) << missed_.ToString();
    std::vector<std::string> expected;
    for (int64_t at = began_at_->value() + 1; at <= member_.revision(); ++at) {
      expected.push_back(std::to_string(at) + " " + Member::KeyOf(at - 1));
    }
    EXPECT_EQ(seen_, expected);
  }
  int calls() const { return calls_; }

  bool reads = true;

 private:
  Frontend& frontend() { return member_.frontend(origin_); }

  void OnChanged(base::Revision revision) {
    ++calls_;
    if (!began_at_.has_value()) {
      began_at_ = revision;
      changes_.emplace(revision + 1);
    }
    EXPECT_LE(heard_, revision);
    heard_ = revision;
    for (bool more = reads; more && missed_.ok();) {
      const auto step =
          changes_->Step(frontend().reads()->keys(), 3, [this](const mvcc::StoredChange& change) {
            seen_.push_back(std::to_string(change.revision.main) + " " +
                            std::string(*mvcc::ParseKey(change.key_value)));
            return true;
          });
      missed_ = step.status();
      more = step.ok() && *step;
    }
    if (!reads || !missed_.ok()) return;
    EXPECT_GT(changes_->next(), revision);
  }

  Member& member_;
  const size_t origin_;
  std::optional<base::Revision> began_at_;
  std::optional<mvcc::ChangeReader> changes_;
  base::Revision heard_;
  std::vector<std::string> seen_;
  base::Status missed_;
  int calls_ = 0;
};

TEST(ListenTest, EveryChangeIsHeardOnceAndInOrder) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    Member member(seed);
    runtime::Random random(seed);
    Listener one(&member, 0);
    for (int i = 0; i < 20; ++i) member.Put(1 + static_cast<int>(random.Below(40)));
    Listener two(&member, 1);  // while the apply loop is at work
    for (int i = 0; i < 40; ++i) {
      member.SetPaused(random.Below(2), random.OneIn(2));
      member.Put(1 + static_cast<int>(random.Below(300)));
      member.RunFor(milliseconds(random.Below(3)));
    }
    for (size_t origin : {0, 1}) member.SetPaused(origin, false);
    member.RunFor(seconds(1));
    one.ExpectAll();
    two.ExpectAll();
  }
}

TEST(ListenTest, WithoutListenersNothingIsHandedOver) {
  Member member(1);
  member.Put(10);
  member.RunFor(seconds(1));
  EXPECT_EQ(member.handed_over, 0);
  Listener listener(&member, 1);
  EXPECT_EQ(member.handed_over, 1) << "the revision at the beginning";
  member.Put(10);
  member.RunFor(seconds(1));
  EXPECT_EQ(member.handed_over, 2) << "to the one that listens";
  member.Compact(base::Revision(3));
  member.RunFor(seconds(1));
  EXPECT_EQ(member.handed_over, 3) << "a compaction is a change";
  listener.ExpectAll();
  listener.Leave();
  member.Put(10);
  member.RunFor(seconds(1));
  EXPECT_EQ(member.handed_over, 3);
}

TEST(ListenTest, AnswersAndChangesAreHandedOverTogether) {
  Member member(1);
  Listener listener(&member, 0);
  member.Put(1, member.ids().Of(0, 0));
  member.RunFor(seconds(1));
  EXPECT_EQ(member.handed_over, 2);
  listener.ExpectAll();
}

TEST(ListenTest, ALoopThatIsBehindIsToldOnce) {
  Member member(1);
  Listener listener(&member, 0);
  member.SetPaused(0, true);
  for (int i = 0; i < 50; ++i) {
    member.Put(3);
    member.RunFor(milliseconds(2));
  }
  EXPECT_GT(member.handed_over, 10);
  const int calls = listener.calls();
  member.SetPaused(0, false);
  member.RunFor(seconds(1));
  EXPECT_EQ(listener.calls(), calls + 1);
  listener.ExpectAll();
}

TEST(ListenTest, AStateThatReplacesAnotherIsAChangeLikeOthers) {
  const MemoryDatabase database = NewDatabase();
  {
    Member ahead(1, database);
    ahead.Put(500);
    ahead.MakeDurable();
  }
  Member member(2);
  Listener one(&member, 0);
  Listener two(&member, 1);
  member.Put(100);
  member.RunFor(seconds(1));
  member.SetPaused(1, true);
  member.received = database;
  member.Install(400);
  member.RunFor(seconds(1));
  one.ExpectAll();  // without a further entry
  member.Put(10);
  member.RunFor(seconds(1));
  member.SetPaused(1, false);
  member.RunFor(seconds(1));
  one.ExpectAll();
  two.ExpectAll();
  EXPECT_GT(member.revision(), 500);
}

TEST(ListenTest, WhoIsOvertakenByACompactionGoesOnFromMemory) {
  Member member(1);
  Listener one(&member, 0);
  Listener two(&member, 1);
  two.reads = false;
  member.Put(50);
  member.RunFor(seconds(1));
  member.Compact(base::Revision(40));
  member.RunFor(seconds(1));
  two.reads = true;
  member.Put(1);
  member.RunFor(seconds(1));
  one.ExpectAll();
  two.ExpectAll();
}

}  // namespace
}  // namespace server
