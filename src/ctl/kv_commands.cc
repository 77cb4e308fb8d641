#include "ctl/kv_commands.h"

#include <iterator>
#include <utility>

#include "base/go_text.h"
#include "ctl/connection.h"
#include "ctl/paged_get.h"
#include "ctl/requests.h"
#include "ctl/txn_input.h"

namespace ctl {
namespace {

// Compat: what cannot be printed so is refused when there is an answer.
Outcome PrepareToPrint(const Invocation& invocation, const etcd::GetRequest& request,
                       Printer* printer) {
  if (request.count_only && printer->format() != "fields") {
    return Failed(kExitBadArguments, "--count-only is only for `--write-out=fields`");
  }
  if (!invocation.flags.GetBool("print-value-only")) return {};
  if (printer->format() != "simple") {
    return Failed(kExitBadArguments, "print-value-only is only for `--write-out=simple`");
  }
  printer->ShowOnlyValues();
  return {};
}

// By RangeStream: the parts of the answer, put together, since the last one has the header and the
// count; only where neither is printed each is taken by itself.
Outcome GetInParts(etcd::Client& client, const etcd::GetRequest& request,
                   const etcd::CallOptions& options, bool takes_each, const TakePart& take) {
  etcd::GetResponse whole;
  Outcome outcome;
  const etcd::Status status = client.GetStream(request, options, [&](etcd::GetResponse part) {
    if (takes_each) {
      outcome = take(client::ViewOf(part), {});
      return outcome.ok();
    }
    whole.header = part.header == etcd::ResponseHeader{} ? whole.header : part.header;
    whole.more = whole.more || part.more;
    whole.count = part.count == 0 ? whole.count : part.count;
    std::move(part.kvs.begin(), part.kvs.end(), std::back_inserter(whole.kvs));
    return true;
  });
  if (!outcome.ok()) return outcome;
  if (!status.ok()) return FailedCall(status);
  return takes_each ? Outcome{} : take(client::ViewOf(whole), {});
}

// By Range, in one call.
Outcome GetAtOnce(etcd::Client& client, const etcd::GetRequest& request,
                  const etcd::CallOptions& options, const TakePart& take) {
  const etcd::Result<etcd::GetResponse> response = client.Get(request, options);
  return response.ok() ? take(client::ViewOf(*response), {}) : FailedCall(response.status());
}

// One line of the input, without white space around it; false at its end.
bool ReadLine(std::FILE* file, std::string* line) {
  line->clear();
  for (int character; (character = std::fgetc(file)) != EOF;) {
    if (character == '\n') {
      *line = base::TrimSpace(*line);
      return true;
    }
    *line += static_cast<char>(character);
  }
  return false;
}

// Lines up to an empty one, each given to `parse`.
template <typename Parse>
Outcome ReadBlock(const Invocation& invocation, const char* prompt, Parse parse) {
  if (invocation.flags.GetBool("interactive")) Print(invocation.out, std::string(prompt) + "\n");
  for (std::string line;;) {
    if (!ReadLine(invocation.in, &line)) return Failed(kExitInvalidInput, "EOF");
    if (line.empty()) return {};
    if (Outcome outcome = parse(line); !outcome.ok()) return outcome;
  }
}

Outcome ReadTxn(const Invocation& invocation, etcd::TxnRequest* request) {
  const auto requests_to = [&invocation](std::vector<etcd::Op>* ops) {
    return [&invocation, ops](const std::string& line) {
      return ParseRequest(line, invocation, &ops->emplace_back());
    };
  };
  Outcome outcome = ReadBlock(invocation, "compares:", [request](const std::string& line) {
    return ParseCompare(line, &request->compares.emplace_back());
  });
  if (!outcome.ok()) return outcome;
  outcome =
      ReadBlock(invocation, "success requests (get, put, del):", requests_to(&request->success));
  if (!outcome.ok()) return outcome;
  return ReadBlock(invocation, "failure requests (get, put, del):", requests_to(&request->failure));
}

}  // namespace

Outcome RunGet(const Invocation& invocation) {
  etcd::GetRequest request;
  if (Outcome outcome = ReadGet(invocation, &request); !outcome.ok()) return outcome;
  Connection connection;
  if (Outcome outcome = Open(invocation, &connection); !outcome.ok()) return outcome;
  etcd::Client& client = *connection.client;
  const etcd::CallOptions& call = connection.globals.call;
  Printer& printer = *connection.globals.printer;
  bool is_ready = false;
  const TakePart print = [&](const client::RangeView& part, const PartPlace& place) -> Outcome {
    if (!std::exchange(is_ready, true)) {
      if (Outcome outcome = PrepareToPrint(invocation, request, &printer); !outcome.ok()) {
        return outcome;
      }
    }
    return printer.GetPart(part, place);
  };
  if (invocation.flags.GetBool("stream")) {
    return GetInParts(client, request, call, printer.format() == "simple", print);
  }
  if (!HasPages(request)) return GetAtOnce(client, request, call, print);
  const PageSource source = {
      .begin = [&](const etcd::GetRequest& page) { return client.GetAsync(page, call); },
      // As long as whoever reads takes.
      .stream =
          [&](const etcd::GetRequest& rest, const etcd::RangeViews::Sink& sink) {
            return etcd::RangeViews(&client).Stream(rest, {.timeout = etcd::kNoTimeout}, sink);
          }};
  return GetInPages(request, source, print);
}

Outcome RunPut(const Invocation& invocation) {
  etcd::PutRequest request;
  if (Outcome outcome = ReadPut(invocation, &request); !outcome.ok()) return outcome;
  Connection connection;
  if (Outcome outcome = Open(invocation, &connection); !outcome.ok()) return outcome;
  const auto response = connection.client->Put(request, connection.globals.call);
  if (!response.ok()) return FailedCall(response.status());
  return connection.globals.printer->Put(*response);
}

Outcome RunDelete(const Invocation& invocation) {
  etcd::DeleteRequest request;
  if (Outcome outcome = ReadDelete(invocation, &request); !outcome.ok()) return outcome;
  Connection connection;
  if (Outcome outcome = Open(invocation, &connection); !outcome.ok()) return outcome;
  const auto response = connection.client->Delete(request, connection.globals.call);
  if (!response.ok()) return FailedCall(response.status());
  return connection.globals.printer->Delete(*response);
}

Outcome RunTxn(const Invocation& invocation) {
  if (!invocation.arguments.empty()) {
    return Failed(kExitBadArguments, "txn command does not accept argument");
  }
  Connection connection;
  if (Outcome outcome = Open(invocation, &connection); !outcome.ok()) return outcome;
  etcd::TxnRequest request;
  if (Outcome outcome = ReadTxn(invocation, &request); !outcome.ok()) return outcome;
  // Compat: however long it takes.
  const auto response = connection.client->Txn(request, {.timeout = etcd::kNoTimeout});
  if (!response.ok()) return FailedCall(response.status());
  return connection.globals.printer->Txn(*response);
}

Outcome RunCompaction(const Invocation& invocation) {
  if (invocation.arguments.size() != 1) {
    return Failed(kExitBadArguments, "compaction command needs 1 argument");
  }
  etcd::CompactRequest request{.revision = 0, .physical = invocation.flags.GetBool("physical")};
  if (Outcome outcome = ReadNumber(invocation.arguments[0], 10, &request.revision); !outcome.ok()) {
    return outcome;
  }
  Connection connection;
  if (Outcome outcome = Open(invocation, &connection); !outcome.ok()) return outcome;
  const auto response = connection.client->Compact(request, connection.globals.call);
  if (!response.ok()) return FailedCall(response.status());
  Print(invocation.out, "compacted revision " + std::to_string(request.revision) + "\n");
  return {};
}

}  // namespace ctl
