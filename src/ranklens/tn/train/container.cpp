#include "ranklens/tn/train/container.h"

#include <charconv>
#include <cmath>

#include <ATen/ops/view_as_complex.h>
#include <ATen/ops/view_as_real.h>
#include <fmt/ranges.h>

#include "ranklens/base/error.h"
#include "ranklens/base/safetensors.h"
#include "ranklens/tn/linalg/numbers.h"

namespace ranklens::tn {
namespace {

constexpr const char* kFormat = "ranklens.tensor-train.1";
constexpr const char* kConvention =
    "value = exp(log_scale) * core.0 core.1 ...; cores [r, n, r'] or [r, row, column, r']; "
    "row-major "
    "multi-indices, first mode slowest";

std::string dtype_text(at::ScalarType dtype) {
  switch (dtype) {
    case at::kFloat:
      return "float32";
    case at::kDouble:
      return "float64";
    case at::kComplexFloat:
      return "complex64";
    default:
      return "complex128";
  }
}

std::string list_text(const Shape& numbers) { return fmt::format("{}", fmt::join(numbers, ",")); }

template <class Train>
base::Safetensors content_of(const Train& train) {
  check(train);
  base::Safetensors content;
  const auto dtype = train.cores[0].scalar_type();
  for (std::size_t k = 0; k < train.cores.size(); ++k) {
    auto core = train.cores[k].detach().resolve_conj();
    if (dtype == at::kComplexDouble) core = at::view_as_real(core);
    content.tensors[fmt::format("core.{}", k)] = core.contiguous();
  }
  content.metadata = {{"format", kFormat},
                      {"dtype", dtype_text(dtype)},
                      {"ranks", list_text(ranks(train))},
                      {"centre", std::to_string(train.centre)},
                      {"log_scale", fmt::format("{:.17g}", train.log_scale)},
                      {"convention", kConvention}};
  return content;
}

/// The metadata of a file, each looked up with a sentence for what is missing or malformed.
struct Metadata {
  const std::map<std::string, std::string>& texts;
  std::string file;

  const std::string& at(const std::string& key) const {
    const auto found = texts.find(key);
    base::require(found != texts.end(), "'{}' is no tensor train: it has no metadata '{}'", file,
                  key);
    return found->second;
  }

  template <class Number>
  Number number(const std::string& key, std::string_view text) const {
    Number value{};
    const auto* end = text.data() + text.size();
    const auto [stopped, error] = std::from_chars(text.data(), end, value);
    base::require(error == std::errc() && stopped == end && !text.empty(),
                  "'{}' has metadata '{}' that is no number: '{}'", file, key, text);
    return value;
  }

  Shape list(const std::string& key) const {
    Shape numbers;
    std::string_view text = at(key);
    while (!text.empty()) {
      const auto comma = text.find(',');
      numbers.push_back(number<std::int64_t>(key, text.substr(0, comma)));
      text = comma == std::string_view::npos ? "" : text.substr(comma + 1);
    }
    return numbers;
  }
};

at::Tensor core_of(const base::Safetensors& content, std::size_t k, const Metadata& metadata) {
  const auto found = content.tensors.find(fmt::format("core.{}", k));
  base::require(found != content.tensors.end(), "'{}' is no tensor train: it lacks 'core.{}'",
                metadata.file, k);
  auto core = found->second;
  if (metadata.at("dtype") == "complex128") {
    base::require(core.scalar_type() == at::kDouble && core.dim() >= 1 && core.size(-1) == 2,
                  "'{}' has a 'core.{}' that is no complex128 as float64 [..., 2]", metadata.file,
                  k);
    core = at::view_as_complex(core.contiguous());
  }
  base::require(core.numel() == 0 || std::isfinite(frobenius(core)),
                "'{}' holds NaN or infinite entries in 'core.{}'", metadata.file, k);
  return core;
}

void check_stated(const StoredTrain& stored, const Metadata& metadata) {
  const auto& train = stored.train;
  base::require(metadata.list("ranks") == ranks(train), "'{}' states ranks {}, its cores have {}",
                metadata.file, metadata.at("ranks"), list_text(ranks(train)));
  base::require(metadata.at("dtype") == dtype_text(train.cores[0].scalar_type()),
                "'{}' states the dtype {}, its cores are {}", metadata.file, metadata.at("dtype"),
                dtype_text(train.cores[0].scalar_type()));
}

}  // namespace

void write_train(const std::filesystem::path& path, const TensorTrain& train) {
  auto content = content_of(train);
  content.metadata["kind"] = "tensor_train";
  content.metadata["modes"] = list_text(shape(train));
  base::write_safetensors(path, content);
}

void write_train(const std::filesystem::path& path, const TTMatrix& matrix) {
  auto content = content_of(matrix);
  content.metadata["kind"] = "tt_matrix";
  content.metadata["rows"] = list_text(row_modes(matrix));
  content.metadata["columns"] = list_text(column_modes(matrix));
  base::write_safetensors(path, content);
}

StoredTrain read_train(const std::filesystem::path& path) {
  const auto content = base::read_safetensors(path);
  const Metadata metadata{content.metadata, path.string()};
  base::require(metadata.at("format") == kFormat, "'{}' is of format '{}', not '{}'", path.string(),
                metadata.at("format"), kFormat);
  std::vector<at::Tensor> cores;
  for (std::size_t k = 0; k < content.tensors.size(); ++k) {
    cores.push_back(core_of(content, k, metadata));
  }
  const auto centre = metadata.number<std::int64_t>("centre", metadata.at("centre"));
  const auto scale = metadata.number<double>("log_scale", metadata.at("log_scale"));
  StoredTrain stored;
  if (metadata.at("kind") == "tt_matrix") {
    const TTMatrix matrix{std::move(cores), centre, scale};
    stored.train = fused(matrix);
    stored.rows = row_modes(matrix);
    stored.columns = column_modes(matrix);
    base::require(
        metadata.list("rows") == *stored.rows && metadata.list("columns") == *stored.columns,
        "'{}' states other modes than its cores have", path.string());
  } else {
    base::require(metadata.at("kind") == "tensor_train", "'{}' holds a '{}', no tensor train",
                  path.string(), metadata.at("kind"));
    stored.train = {std::move(cores), centre, scale};
    check(stored.train);
    base::require(metadata.list("modes") == shape(stored.train),
                  "'{}' states other modes than its cores have", path.string());
  }
  check_stated(stored, metadata);
  return stored;
}

}  // namespace ranklens::tn
