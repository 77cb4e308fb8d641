#pragma once

#include <cstddef>
#include <new>
#include <type_traits>
#include <utility>

#include "base/check.h"

namespace base {

// A callable that is moved, never copied, so that it may own what it captures. Up to
// kInlineBytes of captures are held inside; larger ones cost one allocation.
// Calling an empty Callback is a broken invariant.
template <typename Signature>
class Callback;

template <typename R, typename... Args>
class Callback<R(Args...)> {
 public:
  static constexpr size_t kInlineBytes = 48;

  Callback() = default;
  Callback(std::nullptr_t) {}

  template <typename F>
  requires(!std::is_same_v<std::decay_t<F>, Callback> &&
           std::is_invocable_r_v<R, std::decay_t<F>&, Args...>) Callback(F&& function) {
    using Stored = std::decay_t<F>;
    if constexpr (kFitsInline<Stored>) {
      new (&storage_) Stored(std::forward<F>(function));
      operations_ = &kInlineOperations<Stored>;
    } else {
      new (&storage_) Stored*(new Stored(std::forward<F>(function)));
      operations_ = &kHeapOperations<Stored>;
    }
  }

  Callback(Callback&& other) noexcept { TakeFrom(other); }
  Callback& operator=(Callback&& other) noexcept {
    if (this != &other) {
      Reset();
      TakeFrom(other);
    }
    return *this;
  }
  ~Callback() { Reset(); }

  explicit operator bool() const { return operations_ != nullptr; }

  R operator()(Args... args) {
    CHECK(operations_ != nullptr);
    return operations_->call(&storage_, std::forward<Args>(args)...);
  }

 private:
  struct Operations {
    R (*call)(void* storage, Args&&... args);
    // Moves the callable to uninitialised storage and ends the source's.
    void (*move)(void* from, void* to);
    void (*destroy)(void* storage);
  };

  template <typename F>
  static constexpr bool kFitsInline =
      sizeof(F) <= kInlineBytes &&
      alignof(F) <= alignof(std::max_align_t) && std::is_nothrow_move_constructible_v<F>;

  template <typename F>
  static constexpr Operations kInlineOperations = {
      [](void* storage, Args&&... args) -> R {
        return (*static_cast<F*>(storage))(std::forward<Args>(args)...);
      },
      [](void* from, void* to) {
        new (to) F(std::move(*static_cast<F*>(from)));
        static_cast<F*>(from)->~F();
      },
      [](void* storage) { static_cast<F*>(storage)->~F(); }};

  template <typename F>
  static constexpr Operations kHeapOperations = {
      [](void* storage, Args&&... args) -> R {
        return (**static_cast<F**>(storage))(std::forward<Args>(args)...);
      },
      [](void* from, void* to) { new (to) F*(*static_cast<F**>(from)); },
      [](void* storage) { delete *static_cast<F**>(storage); }};

  void TakeFrom(Callback& other) {
    if (other.operations_ == nullptr) return;
    other.operations_->move(&other.storage_, &storage_);
    operations_ = std::exchange(other.operations_, nullptr);
  }
  void Reset() {
    if (operations_ == nullptr) return;
    std::exchange(operations_, nullptr)->destroy(&storage_);
  }

  alignas(std::max_align_t) std::byte storage_[kInlineBytes];
  const Operations* operations_ = nullptr;
};

}  // namespace base
