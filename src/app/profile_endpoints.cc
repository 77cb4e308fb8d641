#include "app/profile_endpoints.h"

#include <array>
#include <charconv>
#include <string>
#include <utility>
#include <vector>

#include "app/process_arguments.h"
#include "app/worker_answer.h"
#include "base/form.h"
#include "net/rpc/gzip.h"
#include "observe/profile.h"
#include "runtime/posix/clock.h"
#include "runtime/posix/cpu_profiler.h"
#include "runtime/posix/heap.h"
#include "runtime/posix/symbols.h"

namespace app {
namespace {

constexpr std::string_view kPrefix = "/debug/pprof/";
// Go's own.
constexpr int64_t kSecondsDefault = 30;
// Others cannot have a profile meanwhile, even if the client has left without a sign.
constexpr int64_t kSecondsMax = 600;
// Between two looks whether the client is still there.
constexpr runtime::Duration kTick = std::chrono::seconds(1);
constexpr std::array kPagesOfGo = {"/debug/events", "/debug/requests"};
constexpr std::array kOfGo = {"allocs", "block", "goroutine", "mutex", "threadcreate", "trace"};

http::PlainResponse Text(std::string text) {
  http::PlainResponse response;
  response.fields.Add("content-type", "text/plain; charset=utf-8");
  response.fields.Add("x-content-type-options", "nosniff");
  response.body = std::move(text);
  return response;
}

http::PlainResponse File(const observe::Profile& profile, const std::string& name) {
  http::PlainResponse response;
  response.fields.Add("content-type", "application/octet-stream");
  response.fields.Add("content-disposition", "attachment; filename=\"" + name + "\"");
  response.fields.Add("x-content-type-options", "nosniff");
  response.body = rpc::GzipCompress(observe::EncodeProfile(profile));
  return response;
}

http::PlainResponse CpuProfile(const runtime::posix::CpuProfiler::Profile& sampled,
                               runtime::Duration took) {
  const runtime::posix::Symbols symbols;
  const int64_t period = runtime::posix::CpuProfiler::kPeriod.count();
  observe::Profile profile;
  profile.types = {{"samples", "count"}, {"cpu", "nanoseconds"}};
  profile.period_type = profile.types[1];
  profile.period = period;
  profile.duration_nanos = took.count();
  profile.time_nanos = runtime::posix::Clock().WallNow().unix_nanos - took.count();
  profile.name_of = [&symbols](uint64_t address) { return symbols.NameOf(address); };
  for (const auto& mapping : runtime::posix::CodeMappings()) {
    profile.mappings.push_back({mapping.start, mapping.limit, mapping.offset, mapping.file});
  }
  for (const auto& [stack, count] : sampled.stacks) {
    const auto times = static_cast<int64_t>(count);
    profile.samples.push_back({stack, {times, times * period}});
  }
  if (sampled.lost > 0) {
    const auto times = static_cast<int64_t>(sampled.lost);
    profile.samples.push_back({{}, {times, times * period}});
  }
  return File(profile, "profile");
}

// malloc does not know who has what: one sample for each kind of memory.
http::PlainResponse HeapProfile() {
  const runtime::posix::HeapUse heap = runtime::posix::MeasureHeap();
  observe::Profile profile;
  profile.types = {{"inuse_space", "bytes"}};
  profile.period_type = {"space", "bytes"};
  profile.period = 1;
  profile.time_nanos = runtime::posix::Clock().WallNow().unix_nanos;
  profile.name_of = [](uint64_t kind) {
    return kind == 1 ? "malloc: blocks in arenas" : "malloc: blocks with a mapping of their own";
  };
  profile.samples = {{{1}, {static_cast<int64_t>(heap.arena_used)}},
                     {{2}, {static_cast<int64_t>(heap.mapped)}}};
  return File(profile, "heap");
}

// "0x1f2a+0x2b" to lines of an address and a name.
http::PlainResponse SymbolsOf(const std::string& addresses) {
  const runtime::posix::Symbols symbols;
  std::string out = "num_symbols: 1\n";
  for (size_t begin = 0; begin < addresses.size();) {
    const size_t end = std::min(addresses.find('+', begin), addresses.size());
    std::string_view word(addresses.data() + begin, end - begin);
    begin = end + 1;
    if (word.starts_with("0x")) word.remove_prefix(2);
    uint64_t address = 0;
    const auto parsed = std::from_chars(word.data(), word.data() + word.size(), address, 16);
    if (parsed.ec != std::errc() || address == 0) continue;
    const std::string name = symbols.NameOf(address);
    if (!name.empty()) out += "0x" + std::string(word) + " " + name + "\n";
  }
  return Text(out);
}

http::PlainResponse Redirection(const std::string& path) {
  http::PlainResponse response;
  response.status = 307;
  response.fields.Add("location", path);
  response.fields.Add("content-type", "text/html; charset=utf-8");
  response.body = "<a href=\"" + path + "\">Temporary Redirect</a>.\n\n";
  return response;
}

std::string Index() {
  std::string out = "<html>\n<head>\n<title>/debug/pprof/</title>\n</head>\n<body>\n";
  for (const char* const name : {"cmdline", "heap", "profile", "symbol"}) {
    out += "<a href='" + std::string(name) + "'>" + name + "</a><br>\n";
  }
  return out + "</body>\n</html>\n";
}

}  // namespace

struct ProfileEndpoints::Sampling {
  http::Responder responder;
  std::unique_ptr<runtime::Timer> timer;
  runtime::TimePoint start;
  runtime::TimePoint end;
};

ProfileEndpoints::ProfileEndpoints(runtime::Disk* disk, runtime::Loop* loop,
                                   runtime::Workers* workers)
    : disk_(*disk), loop_(*loop), workers_(*workers) {}

ProfileEndpoints::~ProfileEndpoints() {
  if (sampling_ != nullptr) runtime::posix::CpuProfiler::Stop();
}

void ProfileEndpoints::AddTo(http::PlainService& service) {
  const std::string prefix(kPrefix);
  service.Handle(prefix, [this](const auto& request, auto responder) {
    ServeIndex(request, std::move(responder));
  });
  service.Handle(prefix + "profile", [this](const auto& request, auto responder) {
    ServeProfile(request, std::move(responder));
  });
  service.Handle(prefix + "heap",
                 [this](const auto&, auto responder) { ServeHeap(std::move(responder)); });
  service.Handle(prefix + "cmdline",
                 [this](const auto&, auto responder) { ServeCommandLine(std::move(responder)); });
  service.Handle(prefix + "symbol", [this](const auto& request, auto responder) {
    ServeSymbol(request, std::move(responder));
  });
  service.Handle(prefix.substr(0, prefix.size() - 1), [](const auto&, auto responder) {
    responder.Send(Redirection(std::string(kPrefix)));
  });
  for (const char* const name : kOfGo) {
    service.Handle(prefix + name, [name](const auto&, auto responder) {
      responder.Send(
          http::TextResponse(501, std::string(name) + ": only programs in Go have such a profile"));
    });
  }
  for (const char* const page : kPagesOfGo) {
    service.Handle(page, [page](const auto&, auto responder) {
      responder.Send(
          http::TextResponse(501, std::string(page) + ": only programs in Go have such a page"));
    });
  }
}

void ProfileEndpoints::Answer(http::Responder responder,
                              base::Callback<http::PlainResponse()> make) {
  AnswerFromWorker(workers_, &loop_, std::move(responder), std::move(make));
}

void ProfileEndpoints::ServeIndex(const http::PlainRequest& request, http::Responder responder) {
  if (http::PathOnly(request.head) != kPrefix) {
    return responder.Send(http::TextResponse(404, "Unknown profile"));
  }
  http::PlainResponse response;
  response.fields.Add("content-type", "text/html; charset=utf-8");
  response.fields.Add("x-content-type-options", "nosniff");
  response.body = Index();
  responder.Send(std::move(response));
}

void ProfileEndpoints::ServeProfile(const http::PlainRequest& request, http::Responder responder) {
  const std::string text = base::Form(http::Query(request.head)).Get("seconds");
  int64_t seconds = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), seconds);
  // As Go has it.
  if (parsed.ec != std::errc() || seconds <= 0) seconds = kSecondsDefault;
  if (seconds > kSecondsMax) {
    return responder.Send(http::TextResponse(400, "seconds: the most is 600"));
  }
  if (!runtime::posix::CpuProfiler::Start()) {
    return responder.Send(
        http::TextResponse(500, "Could not enable CPU profiling: cpu profiling already in use"));
  }
  const runtime::TimePoint now = loop_.clock().Now();
  sampling_ =
      std::make_unique<Sampling>(Sampling{std::move(responder), loop_.NewTimer([this] { Tick(); }),
                                          now, now + std::chrono::seconds(seconds)});
  sampling_->timer->Arm(kTick);
}

// Nobody waits for a profile for ever: one whose client has left makes room for the next.
void ProfileEndpoints::Tick() {
  const runtime::TimePoint now = loop_.clock().Now();
  if (now >= sampling_->end || !sampling_->responder.is_awaited()) return EndSampling();
  sampling_->timer->Arm(std::min<runtime::Duration>(kTick, sampling_->end - now));
}

void ProfileEndpoints::EndSampling() {
  const std::unique_ptr<Sampling> ended = std::move(sampling_);
  const runtime::Duration took = loop_.clock().Now() - ended->start;
  Answer(ended->responder, [notes = runtime::posix::CpuProfiler::Stop(), took] {
    return CpuProfile(runtime::posix::CpuProfiler::Count(*notes), took);
  });
}

void ProfileEndpoints::ServeHeap(http::Responder responder) {
  Answer(std::move(responder), [] { return HeapProfile(); });
}

// As Go has it: a zero between two arguments.
void ProfileEndpoints::ServeCommandLine(http::Responder responder) {
  Answer(std::move(responder), [this] {
    std::string out;
    for (const std::string& argument : ProcessArguments(disk_)) {
      if (!out.empty()) out += '\0';
      out += argument;
    }
    return Text(out);
  });
}

void ProfileEndpoints::ServeSymbol(const http::PlainRequest& request, http::Responder responder) {
  const bool is_post = http::Method(request.head) == "POST";
  const std::string addresses(is_post ? request.body : http::Query(request.head));
  Answer(std::move(responder), [addresses] { return SymbolsOf(addresses); });
}

}  // namespace app
