#pragma once

#include <charconv>
#include <string>
#include <string_view>

#include "ranklens/base/error.h"
#include "ranklens/base/safetensors.h"
#include "ranklens/tn/train/container.h"

namespace ranklens::tn {

/// What the files of all formats share: metadata as texts, complex128 as pairs of float64.

/// "4,8,4".
std::string list_text(const Shape& numbers);
/// As it goes into a file: contiguous, complex128 as float64 [..., 2].
at::Tensor stored_tensor(const at::Tensor& tensor);

/// A file that was read, each part looked up with a sentence for what is missing or malformed.
struct ContainerReader {
  const base::Safetensors& content;
  std::string file;
  std::string what = "tensor train";  ///< "no tensor train: it lacks ..."

  const std::string& text(const std::string& key) const;
  Shape list(const std::string& key) const;
  double real(const std::string& key) const { return number<double>(key, text(key)); }
  std::int64_t whole(const std::string& key) const { return number<std::int64_t>(key, text(key)); }
  /// A tensor of the dtype that the metadata state, or float64 where that is complex128; finite.
  at::Tensor tensor(const std::string& name) const;
  /// Errors unless the metadata state what is there.
  void expect_format(const std::string& format) const;
  void expect_list(const std::string& key, const Shape& found) const;
  void expect_dtype(at::ScalarType found) const;

 private:
  template <class Number>
  Number number(const std::string& key, std::string_view text) const {
    Number value{};
    const auto* end = text.data() + text.size();
    const auto [stopped, error] = std::from_chars(text.data(), end, value);
    base::require(error == std::errc() && stopped == end && !text.empty(),
                  "'{}' has metadata '{}' that is no number: '{}'", file, key, text);
    return value;
  }
};

/// The train in a file of format kTrainFormat.
inline constexpr const char* kTrainFormat = "ranklens.tensor-train.1";
StoredTrain train_in(const ContainerReader& reader);

/// Error where a tensor of these sizes has more than 2^40 entries.
void check_writable(const Shape& sizes);

}  // namespace ranklens::tn
