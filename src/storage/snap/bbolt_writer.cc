#include "storage/snap/bbolt_writer.h"

#include <bit>
#include <string>

#include "base/check.h"
#include "storage/snap/bbolt_tree_builder.h"

namespace snap {
namespace {

// With larger ones a page could hold more elements than its header can count.
constexpr uint32_t kWrittenPageBytesMax = 64 * 1024;

// The value of the bucket that the source is at, whose tree is emitted unless it is inline.
base::Result<base::Bytes> EmitBucket(Source& source, base::ByteView name, BboltPageOutput& output) {
  BboltTreeBuilder records(&output, "bucket " + std::string(name));
  while (true) {
    ASSIGN_OR_RETURN(const auto record, source.NextRecord());
    if (!record) break;
    RETURN_IF_ERROR(records.Add(record->key, record->value));
  }
  if (auto inlined = records.TakeInlineBucket()) return *std::move(inlined);
  ASSIGN_OR_RETURN(const uint64_t root, records.Finish());
  base::Bytes value;
  AppendBucket({.root = root}, &value);
  return value;
}

// All pages but the metas.
base::Result<Layout> EmitTrees(Source& source, BboltPageOutput& output) {
  RETURN_IF_ERROR(source.Rewind());
  BboltTreeBuilder buckets(&output, "names of buckets");
  while (true) {
    ASSIGN_OR_RETURN(const auto name, source.NextBucket());
    if (!name) break;
    ASSIGN_OR_RETURN(const base::Bytes value, EmitBucket(source, *name, output));
    RETURN_IF_ERROR(buckets.Add(*name, value, kBucketElement));
  }
  ASSIGN_OR_RETURN(const uint64_t root, buckets.Finish());
  return Layout{.page_size = output.page_size(), .root = root, .page_count = output.next_id()};
}

}  // namespace

base::Result<Layout> LayOutBbolt(Source& source, uint32_t page_size) {
  CHECK(std::has_single_bit(page_size));
  CHECK(page_size >= kPageBytesMin && page_size <= kWrittenPageBytesMax);
  BboltPageOutput counting(page_size, nullptr);
  return EmitTrees(source, counting);
}

base::Status WriteBbolt(Source& source, const Layout& layout, Sink sink) {
  BboltPageOutput output(layout.page_size, &sink);
  RETURN_IF_ERROR(output.EmitMetas({.page_size = layout.page_size,
                                    .buckets = {.root = layout.root},
                                    .high_water = layout.page_count}));
  ASSIGN_OR_RETURN(const Layout written, EmitTrees(source, output));
  if (written != layout) {
    return base::Status(base::Code::kInternal,
                        "the database changed between the two passes of a snapshot");
  }
  return output.Flush();
}

}  // namespace snap
