#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace ranklens::base {

struct PickleNode;

/// A value of a pickle. Text and bytes point into the pickle, nodes into its Pickle.
struct PickleValue {
  enum class Kind {
    none,
    boolean,
    integer,
    real,
    text,
    bytes,       // also integers of more than 64 bits
    tuple,       // items
    list,        // items
    dict,        // items: key, value, key, value, ...
    global,      // text: "module name", one of the allowed
    call,        // items: the global called, its arguments as a tuple; nothing was called
    persistent,  // items: the identifier
  };
  Kind kind = Kind::none;
  std::int64_t integer = 0;
  double real = 0;
  std::string_view text = {};
  PickleNode* node = nullptr;

  bool is(Kind other) const { return kind == other; }
  bool is_global(std::string_view name) const { return kind == Kind::global && text == name; }
  const std::vector<PickleValue>& items() const;
};

struct PickleNode {
  std::vector<PickleValue> items;
};

inline const std::vector<PickleValue>& PickleValue::items() const {
  static const std::vector<PickleValue> kNone;
  return node == nullptr ? kNone : node->items;
}

/// A pickle (Python's protocols 2 to 5) as plain data. Nothing is ever called or imported: a global
/// is a name that must be on a list, a call is recorded with its arguments; only dictionaries
/// (`collections.OrderedDict`, `defaultdict`) are built.
class Pickle {
 public:
  using Allowed = std::function<bool(std::string_view module_and_name)>;

  /// Reads the pickle at the beginning of `bytes`, which must outlive this; `what` names it in
  /// messages. Error for a global that is not allowed, an object of a class, an unknown
  /// instruction, and any damage.
  Pickle(std::string_view bytes, const Allowed& allowed, std::string_view what);
  Pickle(const Pickle&) = delete;
  Pickle& operator=(const Pickle&) = delete;

  const PickleValue& root() const { return root_; }
  /// The identifiers of all persistent values.
  const std::vector<PickleValue>& persistent() const { return persistent_; }
  /// Bytes taken, including the final STOP.
  std::size_t size() const { return size_; }

 private:
  friend class PickleMachine;
  std::deque<PickleNode> nodes_;  // flat: no chain of owners, however deep the nesting
  std::deque<std::string> names_;
  std::vector<PickleValue> persistent_;
  PickleValue root_;
  std::size_t size_ = 0;
};

}  // namespace ranklens::base
