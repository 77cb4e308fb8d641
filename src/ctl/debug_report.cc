#include "ctl/debug_report.h"

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <memory>
#include <utility>

#include "client/http_page.h"
#include "ctl/doctor_checks.h"
#include "ctl/doctor_command.h"
#include "ctl/doctor_facts.h"
#include "ctl/redaction.h"
#include "runtime/disk.h"
#include "runtime/posix/disk.h"

namespace ctl {
namespace {

constexpr char kAbout[] =
    "What etcdctl debug found out about a cluster, for a bug report.\n\n"
    "etcdctl.txt       the version and the global flags, without secrets\n"
    "doctor.txt        what is wrong, and what to do about it; also as JSON\n"
    "members.json      the members, as one of them knows them\n"
    "alarms.json       the alarms that are on\n"
    "hashes.json       checksums of the keys at one revision: of healthy members they are equal\n"
    "endpoints/        of each: status.json, version.json, health.json, metrics.txt, profiles\n"
    "log.txt           the last lines of the log that was named\n"
    "errors.txt        what could not be had, and why\n\n"
    "Keys and values of the store, passwords, tokens and the keys of certificates are not among\n"
    "it. Addresses and names of members are, and what was logged: look before you hand it on.\n";

// Of a log's end, and of what is searched for its lines.
constexpr size_t kLogBytesMax = 4u << 20;
constexpr char kProfile[] = "/debug/pprof/profile?seconds=5";

// What a printer prints.
std::string Printed(const std::function<Outcome(Printer&)>& print) {
  char* text = nullptr;
  size_t size = 0;
  std::FILE* const file = open_memstream(&text, &size);
  const Outcome outcome = print(*NewPrinter("json", /*hex=*/false, file));
  std::fclose(file);
  std::string printed(text, size);
  std::free(text);
  return outcome.ok() ? printed : outcome.error + "\n";
}

// As the name of a folder.
std::string FolderOf(const std::string& endpoint, size_t number) {
  constexpr size_t kNameMax = 50;
  std::string name = std::to_string(number) + "-";
  for (const char character : endpoint) {
    const bool is_plain = (character >= 'a' && character <= 'z') ||
                          (character >= 'A' && character <= 'Z') ||
                          (character >= '0' && character <= '9') || character == '.';
    name += is_plain ? character : '_';
  }
  return "endpoints/" + name.substr(0, kNameMax) + "/";
}

// Also what stands in URLs, "scheme://user:password@host".
std::vector<std::string> Secrets(const Globals& globals,
                                 const std::vector<std::string>& endpoints) {
  std::vector<std::string> secrets = {globals.client.password, globals.client.token};
  for (const std::string& endpoint : endpoints) {
    const size_t scheme = endpoint.find("://");
    const size_t begin = scheme == endpoint.npos ? 0 : scheme + 3;
    const size_t end = endpoint.rfind('@');
    const size_t colon = endpoint.find(':', begin);
    if (end == endpoint.npos || colon >= end) continue;
    secrets.push_back(endpoint.substr(colon + 1, end - colon - 1));
  }
  return secrets;
}

class Report {
 public:
  Report(const Globals& globals, const std::vector<std::string>& endpoints,
         const DebugWishes& wishes, const std::function<void(const std::string&)>& tell)
      : globals_(globals),
        endpoints_(endpoints),
        wishes_(wishes),
        tell_(tell),
        redaction_(Secrets(globals, endpoints)) {}

  std::vector<ArchiveFile> Gather(const std::string& flag_lines) {
    Add("README.txt", kAbout);
    Add("etcdctl.txt", "etcdctl version: 3.7.1\n\n" + flag_lines);
    tell_("asking the members");
    const ClusterFacts facts = GatherFacts(globals_, endpoints_);
    AddFacts(facts);
    AddHashes(facts);
    for (size_t i = 0; i < endpoints_.size(); ++i) {
      AddPages(facts.endpoints[i], FolderOf(endpoints_[i], i));
    }
    AddLog();
    if (!errors_.empty()) Add("errors.txt", errors_);
    return std::move(files_);
  }

 private:
  void Add(std::string name, const std::string& text) {
    files_.push_back({std::move(name), redaction_.Clean(text)});
  }
  void Miss(const std::string& what, const std::string& why) {
    errors_ += what + ": " + why + "\n";
  }

  void AddFacts(const ClusterFacts& facts) {
    const std::vector<Finding> findings = Diagnose(facts);
    Add("doctor.txt", DoctorText(findings));
    Add("doctor.json", DoctorJson(findings));
    if (facts.members.has_value()) {
      Add("members.json", Printed([&](Printer& to) { return to.MemberList(*facts.members); }));
    } else {
      Miss("members", "nobody could tell them");
    }
    Add("alarms.json", Printed([&](Printer& to) { return to.Alarm({.alarms = facts.alarms}); }));
    if (!facts.read_failure.empty()) Miss("a read through consensus", facts.read_failure);
  }

  // Of all members at the revision that each of them has.
  void AddHashes(const ClusterFacts& facts) {
    int64_t revision = std::numeric_limits<int64_t>::max();
    for (const MemberFacts& one : facts.endpoints) {
      if (one.failure.empty()) revision = std::min(revision, one.status.header.revision);
    }
    std::vector<EndpointHashKv> hashes;
    for (const MemberFacts& one : facts.endpoints) {
      if (!one.failure.empty()) continue;
      std::unique_ptr<etcd::Client> client;
      if (!Connect(OnlyAt(one.endpoint), &client).ok()) continue;
      const auto hash = client->HashKv("", revision, globals_.call);
      if (hash.ok()) {
        hashes.push_back({one.endpoint, *hash});
      } else {
        Miss("hash of " + one.endpoint, hash.status().ToString());
      }
    }
    Add("hashes.json", Printed([&](Printer& to) { return to.HashKv(hashes); }));
  }

  void AddPages(const MemberFacts& facts, const std::string& folder) {
    if (!facts.failure.empty()) return Miss(facts.endpoint, facts.failure);
    Add(folder + "status.json", Printed([&](Printer& to) {
          return to.Status({{facts.endpoint, facts.status}});
        }));
    AddPage(facts.endpoint, "/version", folder + "version.json");
    AddPage(facts.endpoint, "/health", folder + "health.json");
    AddPage(facts.endpoint, "/metrics", folder + "metrics.txt");
    if (!wishes_.profiles) return;
    tell_("profiling " + facts.endpoint + " for five seconds");
    AddPage(facts.endpoint, kProfile, folder + "cpu.pb.gz");
    AddPage(facts.endpoint, "/debug/pprof/heap", folder + "heap.pb.gz");
  }

  void AddPage(const std::string& endpoint, const std::string& path, const std::string& name) {
    const auto page = client::FetchPage(OnlyAt(endpoint), path);
    if (!page.ok()) return Miss(endpoint + path, std::string(page.status().message()));
    // A profile has addresses and names of functions alone.
    if (name.ends_with(".gz")) {
      files_.push_back({name, *page});
    } else {
      Add(name, *page);
    }
  }

  void AddLog() {
    if (wishes_.log_path.empty()) return;
    runtime::posix::Disk disk;
    const auto opened = disk.Open(wishes_.log_path, runtime::OpenMode::kRead);
    if (!opened.ok()) return Miss("log", std::string(opened.status().message()));
    const auto size = (*opened)->Size();
    if (!size.ok()) return Miss("log", std::string(size.status().message()));
    const uint64_t begin = *size > kLogBytesMax ? *size - kLogBytesMax - 1 : 0;
    base::Bytes bytes;
    if (const base::Status read = (*opened)->ReadAt(begin, *size - begin, &bytes); !read.ok()) {
      return Miss("log", std::string(read.message()));
    }
    Add("log.txt", std::string(TailOf(bytes, wishes_.log_lines, kLogBytesMax)));
  }

  etcd::ClientOptions OnlyAt(const std::string& endpoint) const {
    etcd::ClientOptions options = globals_.client;
    options.endpoints = {endpoint};
    return options;
  }

  const Globals& globals_;
  const std::vector<std::string>& endpoints_;
  const DebugWishes& wishes_;
  const std::function<void(const std::string&)>& tell_;
  const Redaction redaction_;
  std::vector<ArchiveFile> files_;
  std::string errors_;
};

}  // namespace

std::vector<ArchiveFile> GatherReport(const Globals& globals,
                                      const std::vector<std::string>& endpoints,
                                      const std::string& flag_lines, const DebugWishes& wishes,
                                      const std::function<void(const std::string&)>& tell) {
  return Report(globals, endpoints, wishes, tell).Gather(flag_lines);
}

}  // namespace ctl
