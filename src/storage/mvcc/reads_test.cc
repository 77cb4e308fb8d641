#include "storage/mvcc/reads.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "base/errors.h"
#include "storage/backend/memory_backend.h"
#include "storage/mvcc/testing/store_harness.h"

namespace mvcc {
namespace {

// A store of a few keys, none of which is in memory.
class ReadsTest : public ::testing::Test {
 protected:
  ReadsTest() {
    Open();
    for (const char* key : {"a", "b", "c"}) {
      EXPECT_TRUE(store_->Write().Put(key, "value", {}).ok());
      buffer_->EndEntry(++index_, base::Term(1), {});
    }
    Commit();
    Open();
  }

  void Open() {
    store_.reset();
    database_ =
        backend::OpenMemoryBackend(memory_, {.faults = {.on_new_reader =
                                                            [this] {
                                                              ++opened_;
                                                              return base::Status();
                                                            },
                                                        .on_read = [this] { return fault_; }},
                                             .on_damage = [this](const base::Status& damage) {
                                               damages_.emplace_back(damage.message());
                                               return is_made_good_;
                                             }});
    buffer_ = std::make_unique<backend::WriteBuffer>(backend::WriteBuffer::Limits(),
                                                     [](auto, auto, auto) {});
    store_ =
        Store::Open(database_.get(), buffer_.get(), &clock_, {.history_bytes = 0}, [](auto, auto) {
        }).value();
    opened_ = 0;
  }
  void Commit() {
    auto commit = *store_->TakeCommit(true);
    ASSERT_TRUE(database_->Commit(*commit.batch).ok());
    store_->Committed(std::move(commit));
  }
  static base::Status Read(Reads& reads) {
    return reads.Pin({}).value()->Range(KeyRange::All(), 0).status();
  }

  StillClock clock_;
  std::shared_ptr<backend::MemoryDatabase> memory_ =
      backend::NewMemoryDatabase(schema::kBucketNames.size());
  bool is_made_good_ = false;  // what is damaged
  int opened_ = 0;             // readers
  base::Status fault_;
  std::vector<std::string> damages_;
  std::unique_ptr<backend::Backend> database_;
  std::unique_ptr<backend::WriteBuffer> buffer_;
  std::unique_ptr<Store> store_;
  base::Index index_;
};

TEST_F(ReadsTest, PinsOfOneCommitShareAReader) {
  Reads reads(store_.get());
  Reads others(store_.get());
  std::vector<std::unique_ptr<ReadPin>> pins;
  for (int i = 0; i < 100; ++i) {
    pins.push_back(reads.Pin({}).value());
    ASSERT_TRUE(pins.back()->Get("a").value().has_value());
  }
  EXPECT_EQ(opened_, 1);
  const auto other = others.Pin({}).value();
  ASSERT_TRUE(other->Get("a").value().has_value());
  EXPECT_EQ(opened_, 2);

  ASSERT_TRUE(store_->Write().Put("a", "new", {}).ok());
  buffer_->EndEntry(++index_, base::Term(1), {});
  Commit();
  for (int i = 0; i < 100; ++i) {
    pins.push_back(reads.Pin({}).value());
    ASSERT_TRUE(pins.back()->Get("b").value().has_value());
  }
  EXPECT_EQ(opened_, 3);
  pins.clear();
  ASSERT_TRUE(Read(reads).ok());
  EXPECT_EQ(opened_, 4) << "no reader is kept when no pin needs it";
}

TEST_F(ReadsTest, PinsOfOneTurnShareAReaderThoughNoneLives) {
  Reads reads(store_.get());
  reads.BeginTurn();
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(Read(reads).ok());
  EXPECT_EQ(opened_, 1);
  ASSERT_TRUE(store_->Write().Put("a", "new", {}).ok());
  buffer_->EndEntry(++index_, base::Term(1), {});
  Commit();
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(Read(reads).ok());
  EXPECT_EQ(opened_, 2) << "what was committed within the turn is seen";
  reads.EndTurn();
  ASSERT_TRUE(Read(reads).ok());
  EXPECT_EQ(opened_, 3) << "none is kept beyond the turn";
}

TEST_F(ReadsTest, DamageIsCorruptionToClientsAndReported) {
  Reads reads(store_.get());
  fault_ = base::Status(base::Code::kDataLoss, "/data/db.mdb: MDB_CORRUPTED");
  EXPECT_EQ(Read(reads), base::Status(base::errors::kCorrupt));
  EXPECT_EQ(reads.Pin({}).value()->Hash().status(), base::Status(base::errors::kCorrupt));
  EXPECT_EQ(damages_, (std::vector<std::string>(2, "/data/db.mdb: MDB_CORRUPTED")));
}

TEST_F(ReadsTest, DamageThatIsBeingMadeGoodIsUnavailabilityToClients) {
  Reads reads(store_.get());
  is_made_good_ = true;
  fault_ = base::Status(base::Code::kDataLoss, "/data/db.mdb: MDB_CORRUPTED");
  EXPECT_EQ(Read(reads).code(), base::Code::kUnavailable);
  EXPECT_EQ(Read(reads).message().find("/data"), std::string_view::npos);
}

TEST_F(ReadsTest, ApplyIsToldWhatIsDamaged) {
  fault_ = base::Status(base::Code::kDataLoss, "/data/db.mdb: MDB_CORRUPTED");
  EXPECT_EQ(Read(store_->apply_reads()), fault_);
  EXPECT_TRUE(damages_.empty());
}

TEST_F(ReadsTest, WithoutAReaderClientsAreToldToComeBackAndApplyGoesOn) {
  std::vector<std::unique_ptr<backend::Reader>> readers;
  for (auto reader = database_->NewReader(); reader.ok(); reader = database_->NewReader()) {
    readers.push_back(std::move(reader).value());
  }
  Reads reads(store_.get());
  EXPECT_EQ(Read(reads), base::Status(base::errors::kTooManyRequests));
  EXPECT_TRUE(Read(store_->apply_reads()).ok());
  readers.clear();
  EXPECT_TRUE(Read(reads).ok());
}

}  // namespace
}  // namespace mvcc
