#include "runtime/published.h"

#include <gtest/gtest.h>

namespace runtime {
namespace {

TEST(PublishedTest, AReaderSeesNothingBeforeTheFirstValue) {
  const Published<const int> published;
  Published<const int>::Reader reader(&published);
  EXPECT_EQ(reader.Get(), nullptr);
  EXPECT_EQ(published.Get(), nullptr);
}

TEST(PublishedTest, AReaderSeesTheNewestValueAndKeepsWhatItTook) {
  Published<const int> published;
  Published<const int>::Reader reader(&published);
  published.Set(std::make_shared<const int>(1));
  const std::shared_ptr<const int> first = reader.Get();
  published.Set(std::make_shared<const int>(2));
  EXPECT_EQ(*reader.Get(), 2);
  EXPECT_EQ(*first, 1);
}

TEST(PublishedTest, WhatALoopTakesIsCountedApart) {
  Published<int> published;
  const auto value = std::make_shared<int>(1);
  published.Set(value);
  Published<int>::Reader one(&published);
  Published<int>::Reader another(&published);
  const long before = value.use_count();
  const std::shared_ptr<int> taken = one.Get();
  const std::shared_ptr<int> again = one.Get();
  EXPECT_EQ(taken.get(), value.get());
  EXPECT_EQ(value.use_count(), before + 1);  // of the reader, however often it is taken
  EXPECT_EQ(another.Get().get(), value.get());
  EXPECT_EQ(value.use_count(), before + 2);
}

TEST(PublishedTest, AReplacedValueEndsWithItsLastReader) {
  Published<int> published;
  Published<int>::Reader reader(&published);
  auto value = std::make_shared<int>(1);
  const std::weak_ptr<int> watched = value;
  published.Set(std::move(value));
  std::shared_ptr<int> request = reader.Get();
  published.Set(std::make_shared<int>(2));
  EXPECT_EQ(*reader.Get(), 2);
  EXPECT_FALSE(watched.expired());
  request.reset();
  EXPECT_TRUE(watched.expired());
}

}  // namespace
}  // namespace runtime
