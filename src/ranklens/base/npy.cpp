#include "ranklens/base/npy.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <vector>

#include <fmt/ranges.h>

#include "ranklens/base/dtype.h"
#include "ranklens/base/error.h"
#include "ranklens/base/files.h"
#include "ranklens/base/little_endian.h"
#include "ranklens/base/tensor_bytes.h"

namespace ranklens::base {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr std::uint64_t kLongestNumpyHeader = 1 << 20;

struct NumpyType {
  std::string_view name;  // kind and bytes, without the byte order
  at::ScalarType type;
};

constexpr std::array<NumpyType, 14> kNumpyTypes{{{"b1", at::kBool},
                                                 {"i1", at::kChar},
                                                 {"u1", at::kByte},
                                                 {"i2", at::kShort},
                                                 {"u2", at::kUInt16},
                                                 {"i4", at::kInt},
                                                 {"u4", at::kUInt32},
                                                 {"i8", at::kLong},
                                                 {"u8", at::kUInt64},
                                                 {"f2", at::kHalf},
                                                 {"f4", at::kFloat},
                                                 {"f8", at::kDouble},
                                                 {"c8", at::kComplexFloat},
                                                 {"c16", at::kComplexDouble}}};

struct NpyHeader {
  at::ScalarType type = at::kFloat;
  bool big_endian = false;
  bool fortran_order = false;
  std::vector<std::int64_t> shape;
};

// Reads the Python dictionary of the header: three known keys with a string, a truth value and a
// tuple of integers.
class NpyHeaderParser {
 public:
  NpyHeaderParser(std::string_view text, std::string file) : text_(text), file_(std::move(file)) {}

  NpyHeader parse() {
    NpyHeader header;
    unsigned seen = 0;
    expect('{');
    while (!accept('}')) {
      const auto key = quoted();
      expect(':');
      if (key == "descr") {
        seen |= 1U;
        read_type(header);
      } else if (key == "fortran_order") {
        seen |= 2U;
        header.fortran_order = truth();
      } else if (key == "shape") {
        seen |= 4U;
        header.shape = tuple();
      } else {
        bad();
      }
      if (!accept(',')) {
        expect('}');
        break;
      }
    }
    skip_space();
    if (seen != 7U || !text_.empty()) bad();
    return header;
  }

 private:
  [[noreturn]] void bad() const {
    fail("'{}' is no readable .npy file: its header is malformed", file_);
  }
  void skip_space() {
    text_.remove_prefix(std::min(text_.find_first_not_of(" \t\r\n"), text_.size()));
  }
  bool accept(char wanted) {
    skip_space();
    if (text_.empty() || text_.front() != wanted) return false;
    text_.remove_prefix(1);
    return true;
  }
  void expect(char wanted) {
    if (!accept(wanted)) bad();
  }
  std::string_view quoted() {
    const char quote = accept('\'') ? '\'' : accept('"') ? '"' : '\0';
    const auto end = quote == '\0' ? std::string_view::npos : text_.find(quote);
    if (end == std::string_view::npos) bad();
    const auto word = text_.substr(0, end);
    text_.remove_prefix(end + 1);
    return word;
  }
  bool truth() {
    skip_space();
    for (const std::string_view word : {"True", "False"}) {
      if (text_.starts_with(word)) {
        text_.remove_prefix(word.size());
        return word == "True";
      }
    }
    bad();
  }
  std::vector<std::int64_t> tuple() {
    std::vector<std::int64_t> sizes;
    expect('(');
    while (!accept(')')) {
      skip_space();
      std::int64_t size = 0;
      const auto [end, error] = std::from_chars(text_.data(), text_.data() + text_.size(), size);
      if (error != std::errc() || size < 0 || sizes.size() == 64) bad();
      sizes.push_back(size);
      text_.remove_prefix(static_cast<std::size_t>(end - text_.data()));
      accept('L');  // Python 2 wrote 3L
      if (!accept(',')) {
        expect(')');
        break;
      }
    }
    return sizes;
  }
  void read_type(NpyHeader& header) {
    skip_space();
    require(text_.starts_with('\'') || text_.starts_with('"'),
            "'{}' holds records, not an array of numbers", file_);
    const auto name = quoted();
    const auto known = std::find_if(
        kNumpyTypes.begin(), kNumpyTypes.end(),
        [&](const NumpyType& type) { return !name.empty() && type.name == name.substr(1); });
    const char order = name.empty() ? '\0' : name.front();
    require(known != kNumpyTypes.end() &&
                (order == '<' || order == '>' || order == '|' || order == '='),
            "'{}' holds values of NumPy's type '{}', which are not numbers this program reads",
            file_, name);
    header.type = known->type;
    header.big_endian = order == '>';
  }

  std::string_view text_;
  std::string file_;
};

struct NpyPreamble {
  NpyHeader header;
  std::uint64_t data_begin = 0;
};

NpyPreamble read_preamble(const InputFile& file) {
  const auto name = file.path().string();
  require(file.size() >= 10, "'{}' is no .npy file: it has only {} bytes", name, file.size());
  const auto start = file.read(0, 10);
  require(start.starts_with(kMagic), "'{}' is no .npy file: it does not begin with NUMPY", name);
  const auto version = number_at<std::uint8_t>(start, 6);
  require(version >= 1 && version <= 3, "'{}' has version {} of the .npy format; 1 to 3 are known",
          name, version);
  std::uint64_t begin = 10;
  std::uint64_t length = number_at<std::uint16_t>(start, 8);
  if (version > 1) {
    length = number_at<std::uint32_t>(file.read(8, 4), 0);
    begin = 12;
  }
  require(length <= std::min(kLongestNumpyHeader, file.size() - begin),
          "'{}' is damaged: its header claims {} bytes", name, length);
  return {NpyHeaderParser(file.read(begin, length), name).parse(), begin + length};
}

void swap_bytes(at::Tensor& tensor) {
  const auto width = tensor.is_complex() ? tensor.element_size() / 2 : tensor.element_size();
  auto* data = static_cast<char*>(tensor.mutable_data_ptr());
  for (char* item = data; item < data + tensor.nbytes(); item += width) {
    std::reverse(item, item + width);
  }
}

std::string npy_header(const at::Tensor& tensor, std::string_view type) {
  std::string shape;
  for (const auto size : tensor.sizes()) shape += fmt::format("{},", size);
  if (tensor.dim() > 1) shape.pop_back();
  auto text = fmt::format("{{'descr': '{}{}', 'fortran_order': False, 'shape': ({}), }}",
                          type.ends_with('1') ? '|' : '<', type, shape);
  // The data begin at a multiple of 64 bytes and the header ends with a new line.
  text.append(63 - (10 + text.size()) % 64, ' ');
  text += '\n';
  require(text.size() < 65536, "an array of {} dimensions does not fit a .npy header",
          tensor.dim());
  std::string bytes(kMagic);
  bytes += {'\1', '\0'};
  append_number(bytes, text.size(), 2);
  return bytes + text;
}

}  // namespace

at::Tensor read_npy(const std::filesystem::path& path) {
  const InputFile file(path);
  auto [header, begin] = read_preamble(file);
  const auto item = static_cast<std::int64_t>(c10::elementSize(header.type));
  const auto bytes = array_bytes(header.shape, item);
  const auto present = file.size() - begin;
  require(
      bytes && static_cast<std::uint64_t>(*bytes) <= present,
      "'{}' is cut off: its header promises an array of shape ({}), the file holds {} bytes of it",
      path.string(), fmt::join(header.shape, ", "), present);
  require(static_cast<std::uint64_t>(*bytes) == present,
          "'{}' holds {} bytes more than the array of shape ({}) that its header describes",
          path.string(), present - static_cast<std::uint64_t>(*bytes),
          fmt::join(header.shape, ", "));
  if (header.fortran_order) std::reverse(header.shape.begin(), header.shape.end());
  auto tensor = uninitialised(header.shape, header.type);
  file.read(begin, tensor.mutable_data_ptr(), tensor.nbytes());
  if (header.big_endian) swap_bytes(tensor);
  clean_bools(tensor);
  if (!header.fortran_order || tensor.dim() < 2) return tensor;
  std::vector<std::int64_t> reversed;
  for (auto i = tensor.dim(); i-- > 0;) reversed.push_back(i);
  return tensor.permute(reversed).contiguous();
}

void write_npy(const std::filesystem::path& path, const at::Tensor& tensor) {
  auto values = plain(tensor);
  if (values.scalar_type() == at::kBFloat16) values = values.to(at::kFloat);
  const auto known =
      std::find_if(kNumpyTypes.begin(), kNumpyTypes.end(),
                   [&](const NumpyType& type) { return type.type == values.scalar_type(); });
  require(known != kNumpyTypes.end(), "cannot write '{}': NumPy has no type for {}", path.string(),
          dtype_name(values.scalar_type()));
  AtomicFile file(path);
  file.write(npy_header(values, known->name));
  file.write(bytes_of(values));
  file.commit();
}

}  // namespace ranklens::base
