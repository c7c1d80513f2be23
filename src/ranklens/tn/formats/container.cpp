#include "ranklens/tn/formats/container.h"

#include <fmt/format.h>

#include "ranklens/base/dtype.h"
#include "ranklens/tn/train/container_parts.h"

namespace ranklens::tn {
namespace {

constexpr const char* kTuckerFormat = "ranklens.tucker.1";
constexpr const char* kCPFormat = "ranklens.cp.1";
constexpr const char* kHybridFormat = "ranklens.tucker-train.1";

void add_factors(base::Safetensors& content, const std::vector<at::Tensor>& factors,
                 at::ScalarType dtype, const Shape& modes, const Shape& ranks) {
  for (std::size_t k = 0; k < factors.size(); ++k)
    content.tensors[fmt::format("factor.{}", k)] = stored_tensor(factors[k]);
  content.metadata["dtype"] = base::dtype_name(dtype);
  content.metadata["modes"] = list_text(modes);
  content.metadata["ranks"] = list_text(ranks);
}

void write_tucker(const std::filesystem::path& path, const Tucker& tucker) {
  check(tucker);
  base::Safetensors content;
  content.tensors["core"] = stored_tensor(tucker.core);
  content.metadata = {
      {"format", kTuckerFormat},
      {"kind", "tucker"},
      {"convention", "value[i, j, ...] = sum core[a, b, ...] factor.0[i, a] factor.1[j, b] ..."}};
  add_factors(content, tucker.factors, tucker.core.scalar_type(), shape(tucker), ranks(tucker));
  base::write_safetensors(path, content);
}

void write_cp(const std::filesystem::path& path, const CP& given) {
  const auto cp = normalised(given);
  base::Safetensors content;
  content.tensors["weights"] = stored_tensor(cp.weights);
  content.metadata = {
      {"format", kCPFormat},
      {"kind", "cp"},
      {"convention", "value[i, j, ...] = sum weights[r] factor.0[i, r] factor.1[j, r] ..."}};
  add_factors(content, cp.factors, cp.factors[0].scalar_type(), shape(cp), {rank(cp)});
  base::write_safetensors(path, content);
}

void write_hybrid(const std::filesystem::path& path, const TuckerTrain& hybrid) {
  check(hybrid);
  base::Safetensors content;
  const auto& cores = hybrid.core.cores;
  for (std::size_t k = 0; k < cores.size(); ++k)
    content.tensors[fmt::format("core.{}", k)] = stored_tensor(cores[k]);
  content.metadata = {
      {"format", kHybridFormat},
      {"kind", "tucker_train"},
      {"mode_ranks", list_text(mode_ranks(hybrid))},
      {"centre", std::to_string(hybrid.core.centre)},
      {"log_scale", fmt::format("{:.17g}", hybrid.core.log_scale)},
      {"convention",
       "value[i, j, ...] = exp(log_scale) sum core.0[0, a, r] core.1[r, b, s] ... factor.0[i, a] "
       "factor.1[j, b] ..."}};
  add_factors(content, hybrid.factors, cores[0].scalar_type(), shape(hybrid), ranks(hybrid));
  base::write_safetensors(path, content);
}

/// name.0, name.1, ...
std::vector<at::Tensor> numbered(const ContainerReader& reader, const char* name,
                                 std::size_t count) {
  std::vector<at::Tensor> tensors;
  for (std::size_t k = 0; k < count; ++k)
    tensors.push_back(reader.tensor(fmt::format("{}.{}", name, k)));
  return tensors;
}

/// Of a file with one tensor beside its factors.
std::vector<at::Tensor> factors_in(const ContainerReader& reader) {
  const auto count = reader.content.tensors.size();
  return numbered(reader, "factor", count == 0 ? 0 : count - 1);
}

TuckerTrain hybrid_in(const ContainerReader& reader) {
  const auto count = (reader.content.tensors.size() + 1) / 2;
  const TuckerTrain hybrid{
      {numbered(reader, "core", count), reader.whole("centre"), reader.real("log_scale")},
      numbered(reader, "factor", count)};
  check(hybrid);
  reader.expect_list("modes", shape(hybrid));
  reader.expect_list("ranks", ranks(hybrid));
  reader.expect_list("mode_ranks", mode_ranks(hybrid));
  reader.expect_dtype(hybrid.core.cores[0].scalar_type());
  return hybrid;
}

Tucker tucker_in(const ContainerReader& reader) {
  const Tucker tucker{reader.tensor("core"), factors_in(reader)};
  check(tucker);
  reader.expect_list("modes", shape(tucker));
  reader.expect_list("ranks", ranks(tucker));
  reader.expect_dtype(tucker.core.scalar_type());
  return tucker;
}

CP cp_in(const ContainerReader& reader) {
  const CP cp{reader.tensor("weights"), factors_in(reader)};
  check(cp);
  base::require(at::isFloatingType(cp.weights.scalar_type()), "'{}' has weights that are not real",
                reader.file);
  reader.expect_list("modes", shape(cp));
  reader.expect_list("ranks", {rank(cp)});
  reader.expect_dtype(cp.factors[0].scalar_type());
  return cp;
}

}  // namespace

void write_stored(const std::filesystem::path& path, const Stored& stored) {
  if (const auto* tucker = std::get_if<Tucker>(&stored)) return write_tucker(path, *tucker);
  if (const auto* cp = std::get_if<CP>(&stored)) return write_cp(path, *cp);
  if (const auto* hybrid = std::get_if<TuckerTrain>(&stored)) return write_hybrid(path, *hybrid);
  const auto& train = std::get<StoredTrain>(stored);
  if (train.is_matrix()) return write_train(path, train.matrix());
  write_train(path, train.train);
}

Stored read_stored(const std::filesystem::path& path) {
  const auto content = base::read_safetensors(path);
  ContainerReader reader{.content = content, .file = path.string(), .what = "decomposed tensor"};
  const auto& format = reader.text("format");
  if (format == kTuckerFormat) return tucker_in(reader);
  if (format == kCPFormat) return cp_in(reader);
  if (format == kHybridFormat) return hybrid_in(reader);
  reader.what = "tensor train";
  return train_in(reader);
}

bool holds_stored(const std::filesystem::path& path) {
  try {
    const auto metadata = base::read_safetensors(path).metadata;
    const auto format = metadata.find("format");
    return format != metadata.end() &&
           (format->second == kTrainFormat || format->second == kTuckerFormat ||
            format->second == kCPFormat || format->second == kHybridFormat);
  } catch (const base::Error&) {
    return false;
  }
}

}  // namespace ranklens::tn
