#include "api/v3/kv_service.h"

#include <functional>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "api/v3/range_stream_call.h"
#include "api/v3/request_spans.h"
#include "base/errors.h"
#include "proto/raft_internal.pb.h"
#include "state/apply/request_rights.h"
#include "state/kv/range.h"
#include "state/kv/range_body.h"
#include "state/kv/read_only_txn.h"
#include "state/kv/request_check.h"

namespace v3 {
namespace {

using etcdserverpb::InternalRaftRequest;

constexpr char kService[] = "etcdserverpb.KV";

// For how long an answer that its client takes slowly keeps its revision from compactions.
constexpr runtime::Duration kPinAgeMax = std::chrono::seconds(10);

// What a read may keep of its pairs uncounted: about as much as it keeps after its first step.
constexpr size_t kFewPairsBytes = 256 * 1024;

// What a request that was parsed takes beside itself. Why not SpaceUsedLong for a range: it goes
// through reflection, which costs a tenth of what a short range does.
size_t HeapBytes(const etcdserverpb::RangeRequest& request) {
  return 2 * sizeof(std::string) + request.key().size() + request.range_end().size();
}
size_t HeapBytes(const etcdserverpb::TxnRequest& request) {
  return request.SpaceUsedLong() - sizeof(request);
}

}  // namespace

// A request on its way that is answered by reading: waiting for its index, or between two steps.
template <typename Read, typename Request>
class KvService::ReadCall {
 public:
  using Self = std::unique_ptr<ReadCall>;

  ReadCall(const Context& context, kv::LongReads* long_reads, kv::HeldPins* held_pins,
           std::shared_ptr<rpc::ServerCall> call)
      : context_(context),
        call_(std::move(call)),
        long_reads_(*long_reads),
        held_pins_(*held_pins) {}

  Request& request() { return request_; }
  rpc::ServerCall& call() { return *call_; }

  // At once, or when this member has seen all that was committed before.
  static void Start(Self self, bool serializable) {
    self->opened_ = self->call_->start();
    BeginSpan(*self->call_, self->request_);
    if (serializable) return Open(std::move(self));
    self->call_->SetKept(self->KeptBytes());
    server::Frontend& frontend = self->context_.frontend();
    const uint64_t client = self->call_->connection().number;
    frontend.ReadIndex(
        [self = std::move(self)](const base::Status& read) mutable {
          self->opened_ = self->Now();
          TellMoment(*self->call_, kIndexRead);
          if (!read.ok()) return self->Fail(read);
          Open(std::move(self));
        },
        client);
  }

 private:
  static void Open(Self self) {
    if (!self->call_->is_open()) return;  // its client has left
    self->reads_ = self->context_.frontend().reads();
    auto read = Read::Open(self->reads_->keys(), self->request_);
    if (base::Status may = self->CheckRights(); !may.ok()) return self->Fail(may);
    if (!read.ok()) return self->Fail(read.status());
    self->read_.emplace(*std::move(read));
    if constexpr (kIsRange) self->read_->KeepAtMost(Context::kSmallAnswerMax);
    if (self->MustWait()) return WaitForPlace(std::move(self));
    Continue(std::move(self));
  }

  // After the revision is pinned: see apply::StateReads::judge.
  base::Status CheckRights() const {
    ASSIGN_OR_RETURN(const auth::Identity who, context_.Identify(*call_));
    return apply::CheckRights(reads_->judge(), who, request_);
  }

  // A read that would wait for a place after its first step waits before it: of thousands that
  // come at once, the first steps alone would be seconds of work, done in vain.
  bool MustWait() const {
    return !place_.has_value() && long_reads_.is_full() && read_->TakesSteps();
  }

  static void Continue(Self self) {
    if (!self->call_->is_open()) return;
    const base::Result<bool> done = self->read_->Step();
    if (!done.ok()) return self->Fail(done.status());
    if (*done) return self->Reply();
    if (!self->CountPairs()) return;
    if (!self->place_.has_value()) self->Enter(self->long_reads_.TryEnter());
    if (!self->place_.has_value()) return WaitForPlace(std::move(self));
    // Other calls of the loop have their turn.
    runtime::Loop& loop = self->context_.frontend().loop();
    loop.PostSlice([self = std::move(self)]() mutable { Continue(std::move(self)); });
  }

  // What a read that is answered as a whole keeps of its pairs counts as it grows. False, with the
  // call ended, if there is no room for more.
  bool CountPairs() {
    const size_t held = read_->held_bytes();
    if (held <= kFewPairsBytes || call_->SetGathered(held)) return true;
    Fail(base::errors::kTooManyRequests);
    return false;
  }
  void ForgetPairs() {
    read_.reset();
    call_->DropGathered();
  }

  void Enter(std::optional<kv::LongReads::Place> place) {
    if (place.has_value()) place_.emplace(*std::move(place));
  }

  // Who waits holds nothing of the state, and begins again from the then current one.
  static void WaitForPlace(Self self) {
    self->ForgetPairs();
    self->reads_.reset();
    kv::LongReads& long_reads = self->long_reads_;
    const kv::LongReads::Client client = self->call_->connection().number;
    const size_t bytes = self->KeptBytes();
    self->call_->SetKept(bytes);
    long_reads.Wait(client, bytes, [self = std::move(self)](auto place) mutable {
      self->Enter(std::move(place));
      runtime::Loop& loop = self->context_.frontend().loop();
      loop.Post([self = std::move(self)]() mutable {
        if (!self->place_.has_value()) return self->Fail(base::errors::kTooManyRequests);
        Open(std::move(self));
      });
    });
  }

  // While it waits.
  size_t KeptBytes() const {
    constexpr size_t kWaiterBytes = 128;
    return sizeof(ReadCall) + HeapBytes(request_) + kWaiterBytes;
  }

  runtime::TimePoint Now() const { return context_.frontend().loop().clock().Now(); }

  void Fail(const base::Status& status) {
    Report(status, 1, {});
    call_->SetKept(0);
    ForgetPairs();
    call_->Finish(status);
  }

  void Reply() {
    if constexpr (kIsRange) {
      Report({}, 1, [this] {
        return "range_response_count:" + std::to_string(read_->size()) +
               " size:" + std::to_string(read_->BodySize());
      });
      if (IsLong()) return ReplyAsItIsTaken();
    } else {
      Report({}, read_->range_count(),
             [this] { return "size:" + std::to_string(read_->BodySize()); });
    }
    call_->SetKept(0);
    context_.ReplyRead(*call_, *read_);
    ForgetPairs();
  }

  bool IsLong() const {
    const size_t size = read_->BodySize();
    return read_->IsInKeyOrder() && (size > Context::kSmallAnswerMax || !call_->FitsWhole(size));
  }

  // Reads a second time, no faster than the client takes it.
  void ReplyAsItIsTaken() {
    const kv::ResponseHeader header = context_.HeaderAt(read_->revision());
    auto body =
        std::make_unique<kv::RangeBody>(header, &*read_, &reads_->keys(), &held_pins_, request_);
    const size_t size = body->size();
    call_->SetKept(sizeof(kv::RangeBody) + HeapBytes(request_));
    // The body ends before what it reads.
    call_->ReplyInPieces(
        size, [reads = reads_, body = std::move(body)](size_t max) { return body->Next(max); });
  }

  // `response` is asked only if it is to be told.
  void Report(const base::Status& status, size_t ranges,
              const std::function<std::string()>& response) {
    ReadReport& reads = context_.reads();
    const runtime::TimePoint now = Now();
    const bool slow = response && reads.IsSlow(now - call_->start());
    if (kIsRange) reads.RangeTook(status.ok(), now - opened_);
    reads.Done({.kind = kIsRange ? ReadReport::Kind::kRange : ReadReport::Kind::kTxn,
                .request = &request_,
                .status = status,
                .ranges = ranges,
                .response = slow ? response() : std::string(),
                .took = now - call_->start()});
  }

  static constexpr bool kIsRange = std::is_same_v<Read, kv::RangeRead>;

  const Context& context_;
  const std::shared_ptr<rpc::ServerCall> call_;
  Request request_;
  kv::LongReads& long_reads_;
  kv::HeldPins& held_pins_;
  std::optional<kv::LongReads::Place> place_;  // of a read of several steps
  std::shared_ptr<apply::StateReads> reads_;   // of the state that is read
  std::optional<Read> read_;
  runtime::TimePoint opened_;  // when reading could begin
};

KvService::KvService(const Context* context)
    : context_(*context),
      held_pins_(std::make_shared<kv::HeldPins>(&context->frontend().loop(), kPinAgeMax)) {}

KvService::~KvService() {
  long_reads_->Close();
  held_pins_->Close();
}

void KvService::AddTo(rpc::Server& table) {
  context_.AddUnary(table, kService, "Range", this, &KvService::Range);
  context_.AddUnary(table, kService, "Put", this, &KvService::Put);
  context_.AddUnary(table, kService, "DeleteRange", this, &KvService::DeleteRange);
  context_.AddUnary(table, kService, "Txn", this, &KvService::Txn);
  context_.AddUnary(table, kService, "Compact", this, &KvService::Compact);
  context_.AddStreaming(
      table, kService, "RangeStream", rpc::Kind::kServerStreaming, [this](Call call) {
        return std::make_shared<RangeStreamCall>(&context_, long_reads_, std::move(call));
      });
}

void KvService::Range(Call call, base::ByteView bytes) {
  using RangeCall = ReadCall<kv::RangeRead, etcdserverpb::RangeRequest>;
  auto range = std::make_unique<RangeCall>(context_, long_reads_.get(), held_pins_.get(),
                                           std::move(call.rpc));
  if (!Parse(range->call(), bytes, &range->request())) return;
  const base::Status status = kv::Check(range->request());
  if (!status.ok()) return range->call().Finish(status);
  const bool serializable = range->request().serializable();
  RangeCall::Start(std::move(range), serializable);
}

void KvService::Put(Call call, base::ByteView bytes) {
  if (!Parse(*call, bytes, &put_)) return;
  base::Status status = context_.quota().Check(kv::QuotaCost(put_));
  if (status.ok()) status = kv::Check(put_);
  if (!status.ok()) return call->Finish(status);
  BeginSpan(*call, put_);
  context_.Propose(std::move(call), InternalRaftRequest::kPutFieldNumber, bytes);
}

void KvService::DeleteRange(Call call, base::ByteView bytes) {
  etcdserverpb::DeleteRangeRequest request;
  if (!Parse(*call, bytes, &request)) return;
  const base::Status status = kv::Check(request);
  if (!status.ok()) return call->Finish(status);
  BeginSpan(*call, request);
  context_.Propose(std::move(call), InternalRaftRequest::kDeleteRangeFieldNumber, bytes);
}

void KvService::Txn(Call call, base::ByteView bytes) {
  using TxnCall = ReadCall<kv::ReadOnlyTxn, etcdserverpb::TxnRequest>;
  auto txn = std::make_unique<TxnCall>(context_, long_reads_.get(), held_pins_.get(), call.rpc);
  const etcdserverpb::TxnRequest& request = txn->request();
  if (!Parse(*call, bytes, &txn->request())) return;
  base::Status status = context_.quota().Check(kv::QuotaCost(request));
  if (status.ok()) status = kv::Check(request, context_.server().options().max_txn_ops);
  if (!status.ok()) return call->Finish(status);
  if (!kv::IsReadOnly(request)) {
    BeginSpan(*call, request);
    return context_.Propose(std::move(call), InternalRaftRequest::kTxnFieldNumber, bytes);
  }
  const bool serializable = kv::IsSerializable(request);
  TxnCall::Start(std::move(txn), serializable);
}

void KvService::Compact(Call call, base::ByteView bytes) {
  etcdserverpb::CompactionRequest request;
  if (!Parse(*call, bytes, &request)) return;
  BeginSpan(*call, request);
  if (!request.physical()) {
    return context_.Propose(std::move(call), InternalRaftRequest::kCompactionFieldNumber, bytes);
  }
  TellMoment(*call, kProposed);
  context_.frontend().Propose(
      InternalRaftRequest::kCompactionFieldNumber, bytes,
      [this, rpc = std::move(call.rpc), to = request.revision()](const apply::Reply& reply) {
        TellMoment(*rpc, kApplied);
        if (!reply.status.ok()) return rpc->Finish(reply.status);
        context_.server().WhenCompacted(base::Revision(to), [this, rpc, reply] {
          context_.frontend().loop().Post(
              [this, rpc, reply] { context_.ReplyEncoded(*rpc, reply); });
        });
      },
      call.caller);
}

}  // namespace v3
