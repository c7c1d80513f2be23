#include "ranklens/base/safetensors.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "ranklens/base/dtype.h"
#include "ranklens/base/error.h"
#include "ranklens/base/files.h"
#include "ranklens/base/json.h"
#include "ranklens/base/little_endian.h"
#include "ranklens/base/tensor_bytes.h"

namespace ranklens::base {
namespace {

constexpr std::uint64_t kLongestSafetensorsHeader =
    100'000'000;  // the reference implementation's limit
constexpr const char* kMetadata = "__metadata__";

struct SafetensorsType {
  std::string_view name;
  at::ScalarType type;
};

constexpr std::array<SafetensorsType, 19> kSafetensorsTypes{{{"BOOL", at::kBool},
                                                             {"U8", at::kByte},
                                                             {"I8", at::kChar},
                                                             {"F8_E5M2", at::kFloat8_e5m2},
                                                             {"F8_E4M3", at::kFloat8_e4m3fn},
                                                             {"F8_E8M0", at::kFloat8_e8m0fnu},
                                                             {"F8_E4M3FNUZ", at::kFloat8_e4m3fnuz},
                                                             {"F8_E5M2FNUZ", at::kFloat8_e5m2fnuz},
                                                             {"I16", at::kShort},
                                                             {"U16", at::kUInt16},
                                                             {"F16", at::kHalf},
                                                             {"BF16", at::kBFloat16},
                                                             {"I32", at::kInt},
                                                             {"U32", at::kUInt32},
                                                             {"F32", at::kFloat},
                                                             {"C64", at::kComplexFloat},
                                                             {"F64", at::kDouble},
                                                             {"I64", at::kLong},
                                                             {"U64", at::kUInt64}}};

struct SafetensorsEntry {
  std::string name;
  at::ScalarType type = at::kFloat;
  std::vector<std::int64_t> shape;
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

struct SafetensorsHeader {
  std::vector<SafetensorsEntry> entries;  // in the order of their bytes
  std::map<std::string, std::string> metadata;
  std::uint64_t data_begin = 0;
};

SafetensorsEntry parse_entry(const std::string& name, const nlohmann::json& value,
                             const std::string& file) {
  const auto bad = [&](std::string_view why) {
    fail("'{}' is no valid safetensors file: tensor '{}' {}", file, name, why);
  };
  if (!value.is_object() || value.size() != 3 || !value.contains("dtype") ||
      !value.contains("shape") || !value.contains("data_offsets")) {
    bad("is not described by dtype, shape and data_offsets");
  }
  const auto& offsets = value["data_offsets"];
  const auto whole = [](const nlohmann::json& list) {
    return list.is_array() && std::all_of(list.begin(), list.end(), [](const auto& item) {
             return item.is_number_unsigned() && item.template get<std::uint64_t>() < (1ULL << 62U);
           });
  };
  if (!value["dtype"].is_string()) bad("has a dtype that is no text");
  if (!whole(value["shape"]) || value["shape"].size() > 64) bad("has a malformed shape");
  if (!whole(offsets) || offsets.size() != 2) bad("has malformed data_offsets");
  const auto dtype = value["dtype"].get<std::string>();
  const auto known = std::find_if(kSafetensorsTypes.begin(), kSafetensorsTypes.end(),
                                  [&](const SafetensorsType& type) { return type.name == dtype; });
  if (known == kSafetensorsTypes.end()) bad(fmt::format("has the unknown type '{}'", dtype));
  return {name, known->type, value["shape"].get<std::vector<std::int64_t>>(),
          offsets[0].get<std::uint64_t>(), offsets[1].get<std::uint64_t>()};
}

// Sorted by place, the ranges must follow each other from 0 to the end of the file.
void check_ranges(std::vector<SafetensorsEntry>& entries, std::uint64_t data_bytes,
                  const std::string& file) {
  std::sort(entries.begin(), entries.end(),
            [](const SafetensorsEntry& a, const SafetensorsEntry& b) {
              return std::tie(a.begin, a.end, a.name) < std::tie(b.begin, b.end, b.name);
            });
  std::uint64_t at = 0;
  for (const auto& entry : entries) {
    require(entry.begin >= at, "'{}' is no valid safetensors file: tensor '{}' overlaps another",
            file, entry.name);
    require(entry.begin == at, "'{}' is no valid safetensors file: unused bytes before tensor '{}'",
            file, entry.name);
    require(entry.end >= entry.begin && entry.end <= data_bytes,
            "'{}' is cut off: tensor '{}' ends at byte {} of the data, the file holds {}", file,
            entry.name, entry.end, data_bytes);
    const auto bytes =
        array_bytes(entry.shape, static_cast<std::int64_t>(c10::elementSize(entry.type)));
    require(bytes && static_cast<std::uint64_t>(*bytes) == entry.end - entry.begin,
            "'{}' is no valid safetensors file: tensor '{}' of shape ({}) has {} bytes", file,
            entry.name, fmt::join(entry.shape, ", "), entry.end - entry.begin);
    at = entry.end;
  }
  require(at == data_bytes, "'{}' holds {} bytes after its last tensor", file, data_bytes - at);
}

void parse_metadata(const nlohmann::json& value, SafetensorsHeader& header,
                    const std::string& file) {
  const bool texts = value.is_object() && std::all_of(value.begin(), value.end(),
                                                      [](const auto& v) { return v.is_string(); });
  require(texts, "'{}' is no valid safetensors file: its metadata are not all text", file);
  header.metadata = value.get<std::map<std::string, std::string>>();
}

SafetensorsHeader read_header(const InputFile& input) {
  const auto file = input.path().string();
  require(input.size() >= 8, "'{}' is no safetensors file: it has only {} bytes", file,
          input.size());
  const auto length = number_at<std::uint64_t>(input.read(0, 8), 0);
  require(input.read(8, std::min<std::uint64_t>(1, input.size() - 8)) == "{" ||
              length <= kLongestSafetensorsHeader,
          "'{}' is no safetensors file", file);
  require(length <= kLongestSafetensorsHeader && length <= input.size() - 8,
          "'{}' is no safetensors file or is cut off: its header claims {} bytes of {}", file,
          length, input.size());
  const auto text = input.read(8, length);
  require(text.starts_with('{'), "'{}' is no safetensors file: its header is no JSON object", file);
  const auto json = parse_json(text, fmt::format("the header of '{}'", file));
  SafetensorsHeader header;
  header.data_begin = 8 + length;
  for (const auto& [name, value] : json.items()) {
    if (name == kMetadata) {
      parse_metadata(value, header, file);
    } else {
      header.entries.push_back(parse_entry(name, value, file));
    }
  }
  check_ranges(header.entries, input.size() - header.data_begin, file);
  return header;
}

struct PreparedTensor {
  std::string name;
  at::Tensor values;
  std::ptrdiff_t order = 0;  // place of its type in kSafetensorsTypes
};

std::vector<PreparedTensor> prepare(const Safetensors& content, const std::filesystem::path& path) {
  std::vector<PreparedTensor> prepared;
  for (const auto& [name, tensor] : content.tensors) {
    require(name != kMetadata, "cannot write '{}': a tensor must not be called '{}'", path.string(),
            name);
    auto values = plain(tensor);
    const auto known = std::find_if(
        kSafetensorsTypes.begin(), kSafetensorsTypes.end(),
        [&](const SafetensorsType& type) { return type.type == values.scalar_type(); });
    require(known != kSafetensorsTypes.end(),
            "cannot write '{}': safetensors has no type for {} ('{}')", path.string(),
            dtype_name(values.scalar_type()), name);
    prepared.push_back({name, values, known - kSafetensorsTypes.begin()});
  }
  // Wide elements first, so that each tensor is aligned to its element size without padding; among
  // types of one width, and so in all, the order of the reference implementation.
  std::stable_sort(
      prepared.begin(), prepared.end(),
      [](const PreparedTensor& a, const PreparedTensor& b) { return a.order > b.order; });
  return prepared;
}

}  // namespace

Safetensors read_safetensors(const std::filesystem::path& path) {
  const InputFile file(path);
  auto header = read_header(file);
  Safetensors content;
  content.metadata = std::move(header.metadata);
  for (const auto& entry : header.entries) {
    auto tensor = uninitialised(entry.shape, entry.type);
    file.read(header.data_begin + entry.begin, tensor.mutable_data_ptr(), tensor.nbytes());
    clean_bools(tensor);
    content.tensors.emplace(entry.name, std::move(tensor));
  }
  return content;
}

void write_safetensors(const std::filesystem::path& path, const Safetensors& content) {
  const auto prepared = prepare(content, path);
  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  if (!content.metadata.empty()) header[kMetadata] = content.metadata;
  std::uint64_t at = 0;
  for (const auto& [name, values, order] : prepared) {
    header[name] = {{"dtype", kSafetensorsTypes[static_cast<std::size_t>(order)].name},
                    {"shape", values.sizes().vec()},
                    {"data_offsets", {at, at + values.nbytes()}}};
    at += values.nbytes();
  }
  std::string text;
  try {
    text = header.dump();
  } catch (const nlohmann::json::exception&) {
    fail("cannot write '{}': a name or a text of it is not UTF-8", path.string());
  }
  text.append((8 - text.size() % 8) % 8, ' ');
  std::string length;
  append_number(length, text.size(), 8);
  AtomicFile file(path);
  file.write(length);
  file.write(text);
  for (const auto& tensor : prepared) file.write(bytes_of(tensor.values));
  file.commit();
}

}  // namespace ranklens::base
