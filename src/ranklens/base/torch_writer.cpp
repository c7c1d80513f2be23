#include <algorithm>
#include <vector>

#include "ranklens/base/dtype.h"
#include "ranklens/base/error.h"
#include "ranklens/base/little_endian.h"
#include "ranklens/base/tensor_bytes.h"
#include "ranklens/base/torch_archive.h"
#include "ranklens/base/torch_types.h"
#include "ranklens/base/zip.h"

namespace ranklens::base {
namespace {

using torch_file::TorchType;

// Protocol 2 by hand: the few instructions that torch.load(weights_only=True) needs.
class PickleText {
 public:
  PickleText& raw(std::string_view code) {
    bytes_ += code;
    return *this;
  }
  PickleText& global(std::string_view module_and_name) {
    const auto space = module_and_name.find(' ');
    return raw("c")
        .raw(module_and_name.substr(0, space))
        .raw("\n")
        .raw(module_and_name.substr(space + 1))
        .raw("\n");
  }
  PickleText& text(std::string_view value) {
    return raw("X").little_endian(value.size(), 4).raw(value);
  }
  PickleText& integer(std::int64_t value) {
    if (value >= 0 && value < 256)
      return raw("K").little_endian(static_cast<std::uint64_t>(value), 1);
    return raw("\x8a\x08").little_endian(static_cast<std::uint64_t>(value), 8);
  }
  PickleText& tuple(at::IntArrayRef values) {
    raw("(");
    for (const auto value : values) integer(value);
    return raw("t");
  }
  PickleText& empty_ordered_dict() { return global("collections OrderedDict").raw(")R"); }
  const std::string& bytes() const { return bytes_; }

 private:
  PickleText& little_endian(std::uint64_t value, int count) {
    append_number(bytes_, value, count);
    return *this;
  }
  std::string bytes_;
};

void pickle_tensor(PickleText& pickle, const at::Tensor& values, const TorchType& type,
                   std::size_t storage) {
  const bool typed = !type.storage.empty();
  pickle.global(typed ? torch_file::kRebuild : torch_file::kRebuildTyped).raw("((").text("storage");
  pickle.global(typed ? type.storage : torch_file::kUntyped);
  pickle.text(std::to_string(storage)).text("cpu");
  pickle.integer(typed ? values.numel() : static_cast<std::int64_t>(values.nbytes())).raw("tQ");
  pickle.integer(0).tuple(values.sizes()).tuple(values.strides()).raw("\x89").empty_ordered_dict();
  if (!typed) pickle.global(type.dtype);
  pickle.raw("tR");
}

bool same_tensor(const at::Tensor& a, const at::Tensor& b) {
  return a.const_data_ptr() == b.const_data_ptr() && a.scalar_type() == b.scalar_type() &&
         a.sizes() == b.sizes() && a.strides() == b.strides() && a.is_conj() == b.is_conj() &&
         a.is_neg() == b.is_neg() && a.numel() > 0;
}

}  // namespace

void write_state_dict(const std::filesystem::path& path,
                      const std::map<std::string, at::Tensor>& tensors) {
  PickleText pickle;
  pickle.raw("\x80\x02").empty_ordered_dict().raw("(");
  std::vector<at::Tensor> originals;
  std::vector<at::Tensor> storages;
  for (const auto& [name, tensor] : tensors) {
    require(tensor.defined(), "cannot write '{}': the tensor '{}' is undefined", path.string(),
            name);
    const auto known =
        std::find_if(torch_file::kTorchTypes.begin(), torch_file::kTorchTypes.end(),
                     [&](const TorchType& type) { return type.type == tensor.scalar_type(); });
    require(known != torch_file::kTorchTypes.end(), "cannot write '{}': '{}' is a tensor of {}",
            path.string(), name, dtype_name(tensor.scalar_type()));
    const auto tied =
        std::find_if(originals.begin(), originals.end(),
                     [&](const at::Tensor& other) { return same_tensor(tensor, other); });
    const auto storage = static_cast<std::size_t>(tied - originals.begin());
    if (tied == originals.end()) {
      originals.push_back(tensor);
      storages.push_back(plain(tensor));
    }
    pickle.text(name);
    pickle_tensor(pickle, storages[storage], *known, storage);
  }
  pickle.raw("u.");
  ZipWriter zip(path);
  zip.add("archive/data.pkl", pickle.bytes());
  zip.add("archive/byteorder", "little");
  for (std::size_t i = 0; i < storages.size(); ++i) {
    zip.add(fmt::format("archive/data/{}", i), bytes_of(storages[i]));
  }
  zip.add("archive/version", "3\n");
  zip.commit();
}

}  // namespace ranklens::base
