#include "ranklens/base/pickle.h"

#include <cstring>
#include <unordered_map>

#include "ranklens/base/error.h"
#include "ranklens/base/little_endian.h"

namespace ranklens::base {

using Kind = PickleValue::Kind;

// Runs the instructions of a pickle. Each takes its operands from bytes_ and works on the stack;
// every access to either is checked.
class PickleMachine {
 public:
  PickleMachine(Pickle& pickle, std::string_view bytes, const Pickle::Allowed& allowed,
                std::string_view what)
      : pickle_(pickle), all_(bytes), bytes_(bytes), allowed_(allowed), what_(what) {}

  void run() {
    while (true) {
      const auto code = static_cast<unsigned char>(take(1).front());
      if (code == '.') break;
      if (!constant(code) && !container(code) && !memo(code) && !object(code)) {
        fail("{} holds the pickle instruction {:#04x}, which a file of tensors does not need",
             what_, static_cast<unsigned>(code));
      }
    }
    pickle_.root_ = pop();
    pickle_.size_ = all_.size() - bytes_.size();
  }

 private:
  [[noreturn]] void bad(std::string_view why) const { fail("{} is damaged: {}", what_, why); }

  std::string_view take(std::uint64_t count) {
    if (count > bytes_.size()) fail("{} is cut off: the pickle ends early", what_);
    const auto taken = bytes_.substr(0, count);
    bytes_.remove_prefix(count);
    return taken;
  }
  template <class Number>
  Number number() {
    return number_at<Number>(take(sizeof(Number)), 0);
  }
  std::string_view line() {
    const auto end = bytes_.find('\n');
    if (end == std::string_view::npos) fail("{} is cut off: the pickle ends early", what_);
    const auto text = take(end);
    take(1);
    return text;
  }

  void push(PickleValue value) { stack_.push_back(value); }
  void push_integer(std::int64_t value) { push({.kind = Kind::integer, .integer = value}); }
  void push_text(Kind kind, std::string_view text) { push({.kind = kind, .text = text}); }
  void push_node(Kind kind, std::vector<PickleValue> items) {
    auto& node = pickle_.nodes_.emplace_back();
    node.items = std::move(items);
    push({.kind = kind, .node = &node});
  }
  // Instructions reach down to the latest mark only.
  std::size_t floor() const { return marks_.empty() ? 0 : marks_.back(); }
  PickleValue pop() {
    if (stack_.size() <= floor()) bad("a pickle instruction finds nothing on its stack");
    const auto value = stack_.back();
    stack_.pop_back();
    return value;
  }
  PickleValue& top() {
    if (stack_.size() <= floor()) bad("a pickle instruction finds nothing on its stack");
    return stack_.back();
  }
  std::vector<PickleValue> pop_to_mark() {
    if (marks_.empty()) bad("a pickle instruction finds no mark on its stack");
    const auto begin = stack_.begin() + static_cast<std::ptrdiff_t>(marks_.back());
    std::vector<PickleValue> values(begin, stack_.end());
    stack_.erase(begin, stack_.end());
    marks_.pop_back();
    return values;
  }
  std::vector<PickleValue> pop_many(int count) {
    std::vector<PickleValue> values(static_cast<std::size_t>(count));
    for (auto value = values.rbegin(); value != values.rend(); ++value) *value = pop();
    return values;
  }

  void push_long(std::string_view digits) {
    if (digits.size() > 8) return push_text(Kind::bytes, digits);
    // Two's complement of any length: the last byte carries the sign.
    std::int64_t value = !digits.empty() && (digits.back() & 0x80) != 0 ? -1 : 0;
    for (auto digit = digits.rbegin(); digit != digits.rend(); ++digit) {
      value = static_cast<std::int64_t>(static_cast<std::uint64_t>(value) << 8U |
                                        static_cast<unsigned char>(*digit));
    }
    push_integer(value);
  }
  void push_real() {
    const auto bits = number<std::uint64_t>();  // big-endian
    const auto swapped = __builtin_bswap64(bits);
    double value = 0;
    std::memcpy(&value, &swapped, sizeof value);
    push({.kind = Kind::real, .real = value});
  }

  // One line an instruction: the name in pickletools stands behind it.
  // clang-format off
  bool constant(unsigned char code) {
    switch (code) {
      case 0x80: take(1); return true;                                  // PROTO
      case 0x95: take(8); return true;                                  // FRAME
      case 'N': push({}); return true;                                  // NONE
      case 0x88: push({.kind = Kind::boolean, .integer = 1}); return true;
      case 0x89: push({.kind = Kind::boolean, .integer = 0}); return true;
      case 'K': push_integer(number<std::uint8_t>()); return true;      // BININT1
      case 'M': push_integer(number<std::uint16_t>()); return true;     // BININT2
      case 'J': push_integer(number<std::int32_t>()); return true;      // BININT
      case 0x8a: push_long(take(number<std::uint8_t>())); return true;  // LONG1
      case 'G': push_real(); return true;                               // BINFLOAT
      case 'X': push_text(Kind::text, take(number<std::uint32_t>())); return true;
      case 0x8c: push_text(Kind::text, take(number<std::uint8_t>())); return true;
      case 0x8d: push_text(Kind::text, take(number<std::uint64_t>())); return true;
      case 'T': push_text(Kind::text, take(number<std::uint32_t>())); return true;
      case 'U': push_text(Kind::text, take(number<std::uint8_t>())); return true;
      case 'B': push_text(Kind::bytes, take(number<std::uint32_t>())); return true;
      case 'C': push_text(Kind::bytes, take(number<std::uint8_t>())); return true;
      default: return false;
    }
  }

  bool container(unsigned char code) {
    switch (code) {
      case '(': marks_.push_back(stack_.size()); return true;           // MARK
      case ')': push_node(Kind::tuple, {}); return true;
      case ']': push_node(Kind::list, {}); return true;
      case '}': push_node(Kind::dict, {}); return true;
      case 't': push_node(Kind::tuple, pop_to_mark()); return true;
      case 'l': push_node(Kind::list, pop_to_mark()); return true;
      case 'd': push_node(Kind::dict, pairs(pop_to_mark())); return true;
      case 0x85: push_node(Kind::tuple, pop_many(1)); return true;
      case 0x86: push_node(Kind::tuple, pop_many(2)); return true;
      case 0x87: push_node(Kind::tuple, pop_many(3)); return true;
      case 'a': extend(Kind::list, pop_many(1)); return true;           // APPEND
      case 'e': extend(Kind::list, pop_to_mark()); return true;         // APPENDS
      case 's': extend(Kind::dict, pop_many(2)); return true;           // SETITEM
      case 'u': extend(Kind::dict, pairs(pop_to_mark())); return true;  // SETITEMS
      case '0': pop(); return true;                                     // POP
      case '1': pop_to_mark(); return true;                             // POP_MARK
      case '2': push(top()); return true;                               // DUP
      default: return false;
    }
  }

  bool memo(unsigned char code) {
    switch (code) {
      case 'q': memo_[number<std::uint8_t>()] = top(); return true;     // BINPUT
      case 'r': memo_[number<std::uint32_t>()] = top(); return true;    // LONG_BINPUT
      case 0x94: memo_[memo_.size()] = top(); return true;              // MEMOIZE
      case 'h': recall(number<std::uint8_t>()); return true;            // BINGET
      case 'j': recall(number<std::uint32_t>()); return true;           // LONG_BINGET
      default: return false;
    }
  }

  bool object(unsigned char code) {
    switch (code) {
      case 'c': {                                                       // GLOBAL
        const auto module = line();
        push_global(module, line());
        return true;
      }
      case 0x93: {                                                      // STACK_GLOBAL
        const auto names = pop_many(2);
        if (!names[0].is(Kind::text) || !names[1].is(Kind::text)) bad("a global has no name");
        push_global(names[0].text, names[1].text);
        return true;
      }
      case 'R': reduce(); return true;                                  // REDUCE
      case 'b': build(); return true;                                   // BUILD
      case 'Q': push_persistent(pop()); return true;          // BINPERSID
      default: return false;
    }
  }

  // clang-format on

  std::vector<PickleValue> pairs(std::vector<PickleValue> values) const {
    if (values.size() % 2 != 0) bad("a dictionary of a pickle has a key without a value");
    return values;
  }
  void extend(Kind kind, const std::vector<PickleValue>& values) {
    auto& target = top();
    if (!target.is(kind)) bad("a pickle instruction adds items to something that has none");
    auto& items = target.node->items;
    items.insert(items.end(), values.begin(), values.end());
  }
  void recall(std::uint64_t key) {
    const auto found = memo_.find(key);
    if (found == memo_.end()) bad("a pickle instruction recalls what was never stored");
    push(found->second);
  }
  void push_global(std::string_view module, std::string_view name) {
    const auto& full = pickle_.names_.emplace_back(fmt::format("{} {}", module, name));
    require(allowed_(full), "{} refers to {}.{}, which is no part of a file of tensors", what_,
            module, name);
    push_text(Kind::global, full);
  }
  void push_persistent(const PickleValue& id) {
    pickle_.persistent_.push_back(id);
    push_node(Kind::persistent, {id});
  }
  void reduce() {
    const auto parts = pop_many(2);
    if (!parts[0].is(Kind::global) || !parts[1].is(Kind::tuple)) bad("a malformed call");
    if (parts[0].is_global("collections OrderedDict")) return push_dict(parts[1]);
    if (parts[0].is_global("collections defaultdict")) return push_node(Kind::dict, {});
    push_node(Kind::call, parts);
  }
  // OrderedDict() or, as Python 2 wrote it, OrderedDict([[key, value], ...]).
  void push_dict(const PickleValue& arguments) {
    std::vector<PickleValue> items;
    for (const auto& list : arguments.items()) {
      for (const auto& pair : list.items()) {
        if (pair.items().size() != 2) bad("a malformed dictionary");
        items.insert(items.end(), pair.items().begin(), pair.items().end());
      }
    }
    // The only instruction that copies: a short pickle must not copy one list over and over.
    copied_ += items.size();
    if (copied_ > all_.size()) bad("it copies more than it holds");
    push_node(Kind::dict, std::move(items));
  }
  // A state dict carries versions of its modules as an attribute; nothing else may be set.
  void build() {
    pop();
    if (!top().is(Kind::dict)) fail("{} holds an object of a class, not only tensors", what_);
  }

  Pickle& pickle_;
  std::string_view all_;
  std::string_view bytes_;
  const Pickle::Allowed& allowed_;
  std::string_view what_;
  std::vector<PickleValue> stack_;
  std::vector<std::size_t> marks_;
  std::unordered_map<std::uint64_t, PickleValue> memo_;
  std::size_t copied_ = 0;
};

Pickle::Pickle(std::string_view bytes, const Allowed& allowed, std::string_view what) {
  PickleMachine(*this, bytes, allowed, what).run();
}

}  // namespace ranklens::base
