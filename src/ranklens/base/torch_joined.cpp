#include <algorithm>
#include <unordered_map>

#include "ranklens/base/error.h"
#include "ranklens/base/little_endian.h"
#include "ranklens/base/tensor_bytes.h"
#include "ranklens/base/torch_tensors.h"

namespace ranklens::base::torch_file {
namespace {

using Kind = PickleValue::Kind;

// Five pickles (a magic number, the protocol, the machine, the object, the keys of the storages in
// their order), then each storage as its count and its elements.
class JoinedPickles {
 public:
  JoinedPickles(std::string_view bytes, std::string_view what) : rest_(bytes), what_(what) {
    constexpr std::string_view magic("\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19", 10);
    const auto& first = next();
    require(first.is(Kind::bytes) && first.text == magic, "{} is no file of torch.save", what);
    const auto& protocol = next();
    require(protocol.is(Kind::integer) && protocol.integer == 1001,
            "{} has an unknown version of the format of torch.save", what);
    const auto* little = find_key(next(), "little_endian");
    require(little == nullptr || little->integer != 0,
            "{} was written on a big-endian machine; save it on a little-endian one", what);
    next();
    const auto& used = pickles_.back().persistent();
    split_storages(used, next());
  }

  std::map<std::string, at::Tensor> tensors() const {
    const auto load = [&](const StorageReference& storage) {
      const auto found = storages_.find(storage.key);
      require(found != storages_.end(), "{} is damaged: the storage '{}' is missing", what_,
              storage.key);
      auto memory = uninitialised({static_cast<std::int64_t>(found->second.size())}, at::kByte);
      std::copy(found->second.begin(), found->second.end(),
                static_cast<char*>(memory.mutable_data_ptr()));
      return memory;
    };
    return collect_tensors(pickles_[3].root(), load, what_);
  }

 private:
  const PickleValue& next() {
    const auto& pickle = pickles_.emplace_back(rest_, is_allowed, what_);
    rest_.remove_prefix(pickle.size());
    return pickle.root();
  }

  // The storages say how many elements they have; of which size, only the object that uses them.
  void split_storages(const std::vector<PickleValue>& used, const PickleValue& keys) {
    std::unordered_map<std::string_view, StorageReference> references;
    for (const auto& id : used) {
      const auto reference = read_reference(id, what_);
      references.emplace(reference.key, reference);
    }
    for (const auto& key : keys.items()) {
      const auto found = references.find(key.text);
      require(found != references.end(), "{} is damaged: nothing uses the storage '{}'", what_,
              key.text);
      const auto& reference = found->second;
      const auto item = static_cast<std::int64_t>(c10::elementSize(reference.type));
      require(rest_.size() >= 8, "{} is cut off: a storage is missing", what_);
      const auto count = number_at<std::int64_t>(rest_, 0);
      rest_.remove_prefix(8);
      require(count == reference.bytes / item, "{} is damaged: the storage '{}' has two sizes",
              what_, key.text);
      const auto bytes = static_cast<std::uint64_t>(reference.bytes);
      require(rest_.size() >= bytes, "{} is cut off: a storage of {} bytes has only {}", what_,
              bytes, rest_.size());
      storages_.emplace(key.text, rest_.substr(0, bytes));
      rest_.remove_prefix(bytes);
    }
    require(rest_.empty(), "{} holds {} bytes after its last tensor", what_, rest_.size());
  }

  std::string_view rest_;
  std::string_view what_;
  std::deque<Pickle> pickles_;
  std::unordered_map<std::string_view, std::string_view> storages_;
};

}  // namespace

std::map<std::string, at::Tensor> read_joined_pickles(std::string_view bytes,
                                                      std::string_view what) {
  return JoinedPickles(bytes, what).tensors();
}

}  // namespace ranklens::base::torch_file
