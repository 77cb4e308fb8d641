#pragma once

#include <etcd/client.h>

#include <functional>
#include <future>

#include "client/range_views.h"
#include "ctl/command.h"
#include "ctl/printer.h"

namespace ctl {

// Whether what is asked for can be read in parts: keys of a range in their order, all that there
// are or the first ones.
bool HasPages(const etcd::GetRequest& request);

// How pages are got.
struct PageSource {
  // Begins to get one.
  std::function<std::future<etcd::Result<etcd::GetResponse>>(const etcd::GetRequest&)> begin;
  // Gets the rest as a stream, by RangeStream, part by part until the sink wants no more.
  std::function<etcd::Status(const etcd::GetRequest&, const etcd::RangeViews::Sink& sink)> stream;
};
// Has one part of the answer, with what Printer::GetPart wants of it; on any thread, one at a time.
// A failure ends the reading.
using TakePart = std::function<Outcome(const client::RangeView& part, const PartPlace& place)>;

// Gets what HasPages, all at the revision of the first page: the rest as a stream, or, where a
// member knows no such stream or the stream breaks, in further pages, one of which is taken while
// the next one is under way. Pages begin small and grow until they have about a megabyte, so that
// little is held, whatever the size of the values. An error may come behind parts: the revision may
// be compacted meanwhile.
Outcome GetInPages(const etcd::GetRequest& request, const PageSource& source, const TakePart& take);

}  // namespace ctl
