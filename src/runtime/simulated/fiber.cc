#include "runtime/simulated/fiber.h"

#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include <cstddef>
#include <utility>

#include "base/check.h"
#include "runtime/simulated/stack_switch.h"

namespace runtime::simulated {
namespace {

// Enough for a call of the client library with sanitizers. What is not touched takes no memory.
constexpr size_t kStackBytes = 1 << 20;

thread_local Fiber* current = nullptr;

class StackMemory {
 public:
  StackMemory()
      : page_(static_cast<size_t>(sysconf(_SC_PAGESIZE))),
        memory_(mmap(nullptr, page_ + kStackBytes, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0)) {
    CHECK(memory_ != MAP_FAILED);
    // Whoever needs more than there is ends at once.
    CHECK_EQ(mprotect(memory_, page_, PROT_NONE), 0);
  }
  ~StackMemory() { munmap(memory_, page_ + kStackBytes); }
  StackMemory(const StackMemory&) = delete;
  StackMemory& operator=(const StackMemory&) = delete;

  void* bottom() const { return static_cast<std::byte*>(memory_) + page_; }

 private:
  const size_t page_;
  void* const memory_;
};

}  // namespace

// Where a fiber keeps what it is in the middle of; and where whoever has resumed it does.
struct Fiber::Stack {
  Stack() {
    CHECK_EQ(getcontext(&inside), 0);
    inside.uc_stack.ss_sp = memory.bottom();
    inside.uc_stack.ss_size = kStackBytes;
    inside.uc_link = nullptr;
    makecontext(&inside, &Fiber::Enter, 0);
  }

  StackMemory memory;
  ucontext_t inside;
  ucontext_t outside;
  SwitchedStack own{memory.bottom(), kStackBytes};
  SwitchedStack resumers;
};

Fiber::Fiber(base::Callback<void()> body) : body_(std::move(body)) {}

Fiber::~Fiber() {
  CHECK(ended_ || stack_ == nullptr);
}

Fiber* Fiber::Current() {
  return current;
}

void Fiber::Resume() {
  CHECK(current == nullptr && !ended_);
  if (stack_ == nullptr) stack_ = std::make_unique<Stack>();
  current = this;
  stack_->resumers.Leave(stack_->own);
  CHECK_EQ(swapcontext(&stack_->outside, &stack_->inside), 0);
  stack_->resumers.Return(nullptr);
  current = nullptr;
}

void Fiber::Suspend() {
  CHECK(current != nullptr);
  Stack& stack = *current->stack_;
  stack.own.Leave(stack.resumers);
  CHECK_EQ(swapcontext(&stack.inside, &stack.outside), 0);
  stack.own.Return(&stack.resumers);
}

void Fiber::Enter() {
  Stack& stack = *current->stack_;
  stack.own.Return(&stack.resumers);
  current->body_();
  current->body_ = nullptr;
  current->ended_ = true;
  stack.own.LeaveForGood(stack.resumers);
  setcontext(&stack.outside);
}

}  // namespace runtime::simulated
