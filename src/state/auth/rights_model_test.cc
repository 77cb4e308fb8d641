#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "proto/auth.pb.h"
#include "runtime/random.h"
#include "state/auth/judge.h"

// Random users, roles and permissions beside a model: a range is allowed if each of its keys is,
// and of these it is enough to look at the first, and at those at which a permission begins or
// ends.

namespace auth {
namespace {

constexpr base::ByteView kOpen{"\0", 1};
// CORNERSTORE_RIGHTS_QUESTIONS asks for others.
constexpr size_t kQuestions = 200'000;
constexpr size_t kQuestionsOfWorld = 500;

size_t Questions() {
  const char* const asked = std::getenv("CORNERSTORE_RIGHTS_QUESTIONS");
  return asked == nullptr ? kQuestions : std::strtoull(asked, nullptr, 10);
}

class World {
 public:
  explicit World(runtime::Random* random) : random_(*random) {
    view_.enabled = true;
    for (const char* const name : {"a", "b", "c", "root"}) AddRole(name);
    for (const char* const name : {"ann", "bob"}) AddUser(name);
    published_.Set(std::make_shared<const View>(view_));
  }

  std::string Key() {
    const std::string letters("\0ab\xff", 4);
    std::string key;
    const size_t size = 1 + random_.Below(2);
    for (size_t i = 0; i < size; ++i) key += letters[random_.Below(letters.size())];
    return key;
  }
  std::string End() { return random_.Below(3) == 0 ? std::string() : Key(); }

  // One role or user becomes another, as far as the judge can see.
  void Change() {
    const char* const roles[] = {"a", "b", "c"};
    if (random_.Below(2) == 0) {
      AddRole(roles[random_.Below(3)]);
    } else {
      AddUser(random_.Below(2) == 0 ? "ann" : "bob");
    }
    ++view_.revision;
    published_.Set(std::make_shared<const View>(view_));
  }

  bool ModelAllows(const std::string& user, Access access, const KeyRange& range) const {
    std::vector<const authpb::Permission*> permissions;
    for (const std::string& name : view_.users.Find(user)->roles()) {
      if (name == kRoot) return true;
      const auto& role = view_.roles.Find(name);
      if (role == nullptr) continue;
      for (const authpb::Permission& permission : role->keypermission()) {
        const auto type = permission.permtype();
        const auto wanted =
            access == Access::kRead ? authpb::Permission::READ : authpb::Permission::WRITE;
        if (type == wanted || type == authpb::Permission::READWRITE) {
          permissions.push_back(&permission);
        }
      }
    }
    std::set<std::string> looked_at = {std::string(range.key)};
    for (const authpb::Permission* const permission : permissions) {
      for (const std::string& edge :
           {permission->key(), permission->range_end(), permission->key() + std::string(1, '\0')}) {
        const bool is_end = edge == kOpen || edge.empty();
        if (!is_end && edge > range.key && Names(range, edge)) looked_at.insert(edge);
      }
    }
    return std::all_of(looked_at.begin(), looked_at.end(), [&](const std::string& key) {
      return std::any_of(permissions.begin(), permissions.end(), [&](const auto* permission) {
        return Names({permission->key(), permission->range_end()}, key);
      });
    });
  }

  const runtime::Published<const View>& published() const { return published_; }
  uint64_t revision() const { return view_.revision; }

 private:
  static bool Names(const KeyRange& range, base::ByteView key) {
    if (range.is_single()) return key == range.key;
    return key >= range.key && (range.is_open() || key < range.end);
  }

  void AddRole(const std::string& name) {
    authpb::Role role;
    role.set_name(name);
    for (size_t i = random_.Below(4); i > 0; --i) {
      authpb::Permission* const permission = role.add_keypermission();
      permission->set_permtype(static_cast<authpb::Permission::Type>(random_.Below(3)));
      permission->set_key(Key());
      permission->set_range_end(End());
    }
    view_.roles.Set(name, std::make_shared<const authpb::Role>(std::move(role)));
  }
  void AddUser(const std::string& name) {
    authpb::User user;
    user.set_name(name);
    for (const char* const role : {"a", "b", "c", "none"}) {
      if (random_.Below(2) == 0) user.add_roles(role);
    }
    if (random_.Below(50) == 0) user.add_roles(kRoot);
    view_.users.Set(name, std::make_shared<const authpb::User>(std::move(user)));
  }

  runtime::Random& random_;
  View view_;
  runtime::Published<const View> published_;
};

TEST(RightsModelTest, TheJudgeAndTheModelAgree) {
  runtime::Random random(20260101);
  size_t allowed = 0;
  const size_t questions = Questions();
  for (size_t asked = 0; asked < questions;) {
    World world(&random);
    Judge judge(&world.published());
    for (size_t i = 0; i < kQuestionsOfWorld && asked < questions; ++i, ++asked) {
      if (random.Below(20) == 0) world.Change();
      const std::string user = random.Below(2) == 0 ? "ann" : "bob";
      const Access access = random.Below(2) == 0 ? Access::kRead : Access::kWrite;
      const std::string key = world.Key();
      const std::string end = world.End();
      const KeyRange range{key, end};
      const bool allows = judge.CheckKeys({user, world.revision()}, access, range).ok();
      ASSERT_EQ(allows, world.ModelAllows(user, access, range)) << "question " << asked;
      if (allows) ++allowed;
    }
  }
  EXPECT_GT(allowed, questions / 10);
  EXPECT_LT(allowed, questions - questions / 10);
}

}  // namespace
}  // namespace auth
