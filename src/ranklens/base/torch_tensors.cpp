#include "ranklens/base/torch_tensors.h"

#include <algorithm>
#include <unordered_map>

#include <ATen/ops/empty.h>

#include "ranklens/base/error.h"
#include "ranklens/base/tensor_bytes.h"
#include "ranklens/base/torch_types.h"

namespace ranklens::base::torch_file {
namespace {

using Kind = PickleValue::Kind;

bool is_rebuild(const PickleValue& value) {
  if (!value.is(Kind::call)) return false;
  const auto& callee = value.items()[0];
  return callee.is_global(kRebuild) || callee.is_global(kRebuildTyped) ||
         callee.is_global(kRebuildOld);
}

bool is_parameter(const PickleValue& value) {
  return value.is(Kind::call) && (value.items()[0].is_global(kParameter) ||
                                  value.items()[0].is_global(kParameterWithState));
}

// Turns the recorded calls of a pickle into tensors. `load` hands over the bytes of a storage.
class TensorBuilder {
 public:
  TensorBuilder(const LoadStorage& load, std::string_view what) : load_(load), what_(what) {}

  // The tensor of a value, or an undefined one if it is something else.
  at::Tensor build(const PickleValue& value) {
    if (is_parameter(value)) {
      // torch.nn.Parameter(data, ...): the data are what counts.
      const auto& arguments = value.items()[1].items();
      if (arguments.empty() || !is_rebuild(arguments[0])) bad("a malformed parameter");
      return rebuild(arguments[0].items()[0], arguments[0].items()[1].items());
    }
    if (!is_rebuild(value)) return {};
    return rebuild(value.items()[0], value.items()[1].items());
  }

 private:
  [[noreturn]] void bad(std::string_view why) const { fail("{} is damaged: {}", what_, why); }

  at::Tensor rebuild(const PickleValue& callee, const std::vector<PickleValue>& arguments) {
    const bool typed_later = callee.is_global(kRebuildTyped);
    const std::size_t fewest = typed_later ? 7 : callee.is_global(kRebuild) ? 6 : 4;
    if (arguments.size() < fewest || !arguments[0].is(Kind::persistent) ||
        !arguments[1].is(Kind::integer)) {
      bad("a malformed tensor");
    }
    const auto storage = read_reference(arguments[0].items()[0], what_);
    if (storage.typed == typed_later) bad("a tensor without one element type");
    const auto type = typed_later ? dtype(arguments[6]) : storage.type;
    if (arguments.size() > fewest) check_metadata(arguments[fewest]);
    return view(storage, type, arguments[1].integer, sizes(arguments[2]), sizes(arguments[3]));
  }

  // Lazily conjugated or negated views are marked here; nothing else is known to be.
  void check_metadata(const PickleValue& metadata) const {
    const auto& items = metadata.items();
    for (std::size_t i = 1; i < items.size(); i += 2) {
      require(items[i].is(Kind::boolean) && items[i].integer == 0,
              "{} holds a lazily conjugated or otherwise marked tensor; save it resolved", what_);
    }
  }

  at::ScalarType dtype(const PickleValue& value) const {
    const auto known =
        std::find_if(kTorchTypes.begin(), kTorchTypes.end(),
                     [&](const TorchType& type) { return value.is_global(type.dtype); });
    if (known == kTorchTypes.end()) bad("a tensor of no type");
    return known->type;
  }

  std::vector<std::int64_t> sizes(const PickleValue& value) const {
    // torch.Size((2, 3)) is recorded as a call; sizes are otherwise a plain tuple.
    const auto& tuple = value.is(Kind::call) && value.items()[0].is_global("torch Size") &&
                                !value.items()[1].items().empty()
                            ? value.items()[1].items()[0]
                            : value;
    std::vector<std::int64_t> numbers;
    for (const auto& item : tuple.items()) {
      if (!item.is(Kind::integer) || item.integer < 0) bad("a tensor of malformed shape");
      numbers.push_back(item.integer);
    }
    return numbers;
  }

  at::Tensor view(const StorageReference& storage, at::ScalarType type, std::int64_t offset,
                  const std::vector<std::int64_t>& shape, std::vector<std::int64_t> strides) {
    const auto item = static_cast<std::int64_t>(c10::elementSize(type));
    const auto bytes = array_bytes(shape, item);
    if (!bytes || shape.size() != strides.size() || shape.size() > 64 || offset < 0) {
      bad("a tensor of malformed shape");
    }
    if (*bytes == 0) return uninitialised(shape, type);
    const auto present = storage.bytes / item;
    std::int64_t last = offset;  // index of the last element that the view touches
    for (std::size_t i = 0; i < shape.size(); ++i) {
      const auto steps = shape[i] - 1;
      if (steps == 0) strides[i] = 1;  // it is never used, and may be anything
      if (steps > 0 && strides[i] > (present - 1 - last) / steps) last = present;
      if (last >= present) break;
      last += steps * strides[i];
    }
    require(last < present, "{} is damaged: a tensor reaches outside its storage", what_);
    // A stride of 0 repeats values: bounded, so that no later copy takes all memory.
    constexpr std::int64_t kFreeRepetition = std::int64_t{1} << 26U;
    require(*bytes <= std::max(storage.bytes, kFreeRepetition),
            "{} is damaged: a tensor repeats its storage to {} bytes", what_, *bytes);
    auto tensor = at::empty({0}, at::TensorOptions().dtype(type));
    return tensor.set_(stored(storage, type).storage(), offset, shape, strides);
  }

  const at::Tensor& stored(const StorageReference& storage, at::ScalarType type) {
    auto [place, added] = storages_.try_emplace(std::string(storage.key));
    if (added) place->second = load_(storage);
    auto& bytes = place->second;
    require(static_cast<std::int64_t>(bytes.nbytes()) >= storage.bytes,
            "{} is damaged: a storage of {} bytes has only {}", what_, storage.bytes,
            bytes.nbytes());
    if (type == at::kBool) {
      auto* data = static_cast<unsigned char*>(bytes.mutable_data_ptr());
      std::for_each(data, data + bytes.nbytes(), [](unsigned char& byte) { byte = byte != 0; });
    }
    return bytes;
  }

  const LoadStorage& load_;
  std::string_view what_;
  std::unordered_map<std::string, at::Tensor> storages_;
};

bool holds_tensors(const PickleValue& dict) {
  const auto& items = dict.items();
  for (std::size_t i = 1; i < items.size(); i += 2) {
    if (is_rebuild(items[i]) || is_parameter(items[i])) return true;
  }
  return false;
}

// The state dict itself, or the one inside a checkpoint (at most three levels down).
const PickleValue& find_state_dict(const PickleValue& root, std::string_view what) {
  const auto* here = &root;
  for (int depth = 0; depth < 4; ++depth) {
    require(here->is(Kind::dict), "{} holds no dictionary from names to tensors", what);
    const PickleValue* inner = nullptr;
    for (const auto* key :
         {"state_dict", "model_state_dict", "model", "net", "network", "params", "module", "ema"}) {
      const auto* value = find_key(*here, key);
      if (inner == nullptr && value != nullptr && value->is(Kind::dict)) inner = value;
    }
    if (inner == nullptr) break;
    here = inner;
  }
  require(here->items().empty() || holds_tensors(*here),
          "{} holds no dictionary from names to tensors, not under 'state_dict' or 'model' either",
          what);
  return *here;
}

}  // namespace

bool is_allowed(std::string_view name) {
  constexpr std::string_view known[] = {"collections OrderedDict",
                                        "collections defaultdict",
                                        "builtins dict",
                                        "builtins list",
                                        "builtins int",
                                        "torch Size",
                                        "torch device",
                                        kUntyped,
                                        kRebuildOld,
                                        kRebuild,
                                        kRebuildTyped,
                                        kParameter,
                                        kParameterWithState};
  return std::find(std::begin(known), std::end(known), name) != std::end(known) ||
         std::any_of(kTorchTypes.begin(), kTorchTypes.end(), [&](const TorchType& type) {
           return type.dtype == name || (!type.storage.empty() && type.storage == name);
         });
}

const PickleValue* find_key(const PickleValue& dict, std::string_view key) {
  const auto& items = dict.items();
  for (std::size_t i = 0; i + 1 < items.size(); i += 2) {
    if (items[i].is(Kind::text) && items[i].text == key) return &items[i + 1];
  }
  return nullptr;
}

StorageReference read_reference(const PickleValue& id, std::string_view what) {
  const auto& parts = id.items();
  if (parts.size() < 5 || !parts[0].is(Kind::text) || parts[0].text != "storage" ||
      !parts[1].is(Kind::global) || !parts[2].is(Kind::text) || !parts[4].is(Kind::integer)) {
    fail("{} is damaged: a malformed storage", what);
  }
  require(parts.size() < 6 || parts[5].is(Kind::none),
          "{} holds views of storages as PyTorch before 0.4 wrote them; save it anew", what);
  StorageReference storage{parts[2].text, at::kByte, false, 0};
  if (!parts[1].is_global(kUntyped)) {
    const auto known =
        std::find_if(kTorchTypes.begin(), kTorchTypes.end(),
                     [&](const TorchType& type) { return parts[1].is_global(type.storage); });
    require(known != kTorchTypes.end(), "{} is damaged: a storage without a type", what);
    storage.type = known->type;
    storage.typed = true;
  }
  const auto bytes =
      array_bytes({parts[4].integer}, static_cast<std::int64_t>(c10::elementSize(storage.type)));
  require(bytes.has_value(), "{} is damaged: a storage of impossible size", what);
  storage.bytes = *bytes;
  return storage;
}

std::map<std::string, at::Tensor> collect_tensors(const PickleValue& root, const LoadStorage& load,
                                                  std::string_view what) {
  TensorBuilder builder(load, what);
  std::map<std::string, at::Tensor> tensors;
  const auto& items = find_state_dict(root, what).items();
  for (std::size_t i = 0; i + 1 < items.size(); i += 2) {
    require(items[i].is(Kind::text), "{} holds a tensor whose name is no text", what);
    auto tensor = builder.build(items[i + 1]);
    require(tensor.defined(), "{} holds '{}' among its tensors, which is none", what,
            items[i].text);
    tensors.insert_or_assign(std::string(items[i].text), std::move(tensor));
  }
  return tensors;
}

}  // namespace ranklens::base::torch_file
