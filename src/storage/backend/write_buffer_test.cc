#include "storage/backend/write_buffer.h"

#include <gtest/gtest.h>

#include <string>

namespace backend {
namespace {

using std::chrono::milliseconds;

constexpr WriteBuffer::Limits kLimits{.age_max = milliseconds(100),
                                      .operations_max = 4,
                                      .bytes_max = 1000,
                                      .uncommitted_bytes_max = 2000};

WriteBuffer NewBuffer() {
  return WriteBuffer(kLimits, [](base::Index index, base::Term term, Batch* batch) {
    batch->Put(1, "covered", std::to_string(index.value()) + "/" + std::to_string(term.value()));
  });
}

runtime::TimePoint At(int64_t ms) {
  return runtime::TimePoint(milliseconds(ms));
}

base::Index Index(uint64_t index) {
  return base::Index(index);
}

TEST(WriteBufferTest, IsDueWhenItsOldestEntryIsOldEnough) {
  WriteBuffer buffer = NewBuffer();
  EXPECT_FALSE(buffer.due(At(1000)));
  buffer.EndEntry(Index(1), base::Term(1), At(1000));
  buffer.EndEntry(Index(2), base::Term(1), At(1050));
  EXPECT_FALSE(buffer.due(At(1099)));
  EXPECT_TRUE(buffer.due(At(1100)));
}

TEST(WriteBufferTest, IsDueAtOnceWithManyOperationsOrBytesButNotWithinAnEntry) {
  WriteBuffer buffer = NewBuffer();
  for (int i = 0; i < 4; ++i) buffer.Put(0, "key", "value");
  EXPECT_FALSE(buffer.due(At(1)));
  buffer.EndEntry(Index(1), base::Term(1), At(0));
  EXPECT_TRUE(buffer.due(At(0)));

  WriteBuffer heavy = NewBuffer();
  heavy.Put(0, "key", std::string(1000, 'v'));
  heavy.EndEntry(Index(1), base::Term(1), At(0));
  EXPECT_TRUE(heavy.due(At(0)));
}

TEST(WriteBufferTest, ABatchSaysHowFarItCoversTheLog) {
  WriteBuffer buffer = NewBuffer();
  buffer.Put(0, "key", "value");
  buffer.EndEntry(Index(7), base::Term(2), At(0));
  const auto batch = buffer.Cut();
  ASSERT_EQ(batch->operations().size(), 2u);
  EXPECT_EQ(batch->value(batch->operations().back()), "7/2");
}

TEST(WriteBufferTest, TheDurableIndexMovesWhenTheBatchIsCommittedNotWhenItIsCut) {
  WriteBuffer buffer = NewBuffer();
  buffer.EndEntry(Index(7), base::Term(2), At(0));
  auto batch = buffer.Cut();
  buffer.EndEntry(Index(8), base::Term(2), At(0));
  EXPECT_EQ(buffer.durable_index(), Index(0));
  buffer.Committed(std::move(batch));
  EXPECT_EQ(buffer.durable_index(), Index(7));
}

TEST(WriteBufferTest, OneBatchIsCommittedAtATime) {
  WriteBuffer buffer = NewBuffer();
  buffer.EndEntry(Index(1), base::Term(1), At(0));
  auto batch = buffer.Cut();
  buffer.EndEntry(Index(2), base::Term(1), At(0));
  EXPECT_FALSE(buffer.due(At(1000)));
  buffer.Committed(std::move(batch));
  EXPECT_TRUE(buffer.due(At(1000)));
}

TEST(WriteBufferTest, IsFullUntilWhatIsUncommittedIsCommitted) {
  WriteBuffer buffer = NewBuffer();
  buffer.Put(0, "key", std::string(2000, 'v'));
  buffer.EndEntry(Index(1), base::Term(1), At(0));
  EXPECT_TRUE(buffer.full());
  auto batch = buffer.Cut();
  EXPECT_TRUE(buffer.full());
  buffer.Committed(std::move(batch));
  EXPECT_FALSE(buffer.full());
}

TEST(WriteBufferDeathTest, ABatchIsNeverCutWithinAnEntry) {
  WriteBuffer buffer = NewBuffer();
  buffer.Put(0, "key", "value");
  EXPECT_DEATH(buffer.Cut(), "within_entry_");
}

}  // namespace
}  // namespace backend
