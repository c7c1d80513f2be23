#include <algorithm>

#include "ranklens/base/error.h"
#include "ranklens/base/files.h"
#include "ranklens/base/tensor_bytes.h"
#include "ranklens/base/torch_archive.h"
#include "ranklens/base/torch_tensors.h"
#include "ranklens/base/zip.h"

namespace ranklens::base {
namespace {

constexpr std::uint64_t kLargestPickle = 1 << 28;

std::map<std::string, at::Tensor> read_zip_format(const std::filesystem::path& path) {
  const auto what = fmt::format("'{}'", path.string());
  const ZipReader zip(path);
  const ZipEntry* pickle_entry = nullptr;
  for (const auto& [name, entry] : zip.entries()) {
    const auto slash = name.find('/');
    if (slash != std::string::npos && name.substr(slash) == "/data.pkl") pickle_entry = &entry;
  }
  require(pickle_entry != nullptr, "{} is a zip archive but no file of torch.save", what);
  const auto folder = pickle_entry->name.substr(0, pickle_entry->name.find('/') + 1);
  require(zip.find(folder + "constants.pkl") == nullptr,
          "{} is a TorchScript program, not a dictionary of tensors", what);
  const auto* order = zip.find(folder + "byteorder");
  require(order == nullptr || zip.read(*order, 16) == "little",
          "{} was written on a big-endian machine; save it on a little-endian one", what);
  const auto bytes = zip.read(*pickle_entry, kLargestPickle);
  const Pickle pickle(bytes, torch_file::is_allowed, what);
  const auto load = [&](const torch_file::StorageReference& storage) {
    const auto* entry = zip.find(fmt::format("{}data/{}", folder, storage.key));
    require(entry != nullptr && entry->size == static_cast<std::uint64_t>(storage.bytes),
            "{} is damaged: the storage '{}' of {} bytes is missing or has another size", what,
            storage.key, storage.bytes);
    auto memory = uninitialised({storage.bytes}, at::kByte);
    zip.read_into(*entry, memory.mutable_data_ptr());
    return memory;
  };
  return torch_file::collect_tensors(pickle.root(), load, what);
}

}  // namespace

std::map<std::string, at::Tensor> read_state_dict(const std::filesystem::path& path) {
  std::string start;
  {
    const InputFile file(path);
    start = file.read(0, std::min<std::uint64_t>(file.size(), 4));
  }
  if (start == "PK\3\4") return read_zip_format(path);
  require(start.starts_with('\x80'), "'{}' is no file of torch.save", path.string());
  return torch_file::read_joined_pickles(read_file(path), fmt::format("'{}'", path.string()));
}

}  // namespace ranklens::base
