#include "ranklens/study/selection.h"

#include <set>

#include <ATen/ops/tensor.h>
#include <fmt/format.h>

#include "ranklens/base/error.h"
#include "ranklens/base/text.h"

namespace ranklens::study {
namespace {

constexpr const char* forms = "such as test:64, train:64-79 or train:label=6:16";

std::int64_t number(std::string_view text, std::string_view whole) {
  const auto value = base::parse_number<std::int64_t>(text);
  base::require(value && *value >= 0, "'{}' is not a selection of images ({})", whole, forms);
  return *value;
}

std::string_view part_of(std::string_view text) {
  return text.substr(0, std::min(text.find(':'), text.size()));
}

std::vector<std::int64_t> range(std::int64_t first, std::int64_t last, const data::Dataset& data,
                                std::string_view whole) {
  base::require(first <= last, "the selection '{}' ends before it begins", whole);
  base::require(last < data.size(), "the selection '{}' asks for image {}, but there are only {}",
                whole, last, data.size());
  std::vector<std::int64_t> items;
  for (auto k = first; k <= last; ++k) items.push_back(k);
  return items;
}

std::vector<std::int64_t> of_class(std::int64_t label, std::int64_t count,
                                   const data::Dataset& data, std::string_view whole) {
  base::require(label < static_cast<std::int64_t>(data.classes.size()),
                "the selection '{}' asks for class {}, but there are only {}", whole, label,
                data.classes.size());
  const auto* labels = data.labels.const_data_ptr<std::int64_t>();
  std::vector<std::int64_t> items;
  for (std::int64_t k = 0; k < data.size() && static_cast<std::int64_t>(items.size()) < count;
       ++k) {
    if (labels[k] == label) items.push_back(k);
  }
  base::require(static_cast<std::int64_t>(items.size()) == count,
                "the selection '{}' asks for {} images of class {}, but there are only {}", whole,
                count, label, items.size());
  return items;
}

void add_piece(std::string_view piece, std::string_view whole, const data::Dataset& source,
               Selection& selection) {
  std::vector<std::int64_t> items;
  std::string title;
  const auto some = [&](std::int64_t count) {
    base::require(count >= 1, "the selection '{}' is empty", whole);
    return count;
  };
  if (piece.starts_with("label=")) {
    const auto colon = piece.find(':');
    base::require(colon != std::string_view::npos, "'{}' is not a selection of images ({})", whole,
                  forms);
    const auto label = number(piece.substr(6, colon - 6), whole),
               count = some(number(piece.substr(colon + 1), whole));
    items = of_class(label, count, source, whole);
    title =
        fmt::format("first {} of class {}", count, source.classes[static_cast<std::size_t>(label)]);
  } else if (const auto dash = piece.find('-'); dash != std::string_view::npos) {
    items = range(number(piece.substr(0, dash), whole), number(piece.substr(dash + 1), whole),
                  source, whole);
    title = fmt::format("items {}", piece);
  } else {
    const auto count = some(number(piece, whole));
    base::require(count <= source.size(),
                  "the selection '{}' asks for {} images, but there are only {} (--images)", whole,
                  count, source.size());
    items = range(0, count - 1, source, whole);
    title = fmt::format("first {}", items.size());
  }
  selection.groups.push_back({std::move(title), static_cast<std::int64_t>(items.size())});
  selection.items.insert(selection.items.end(), items.begin(), items.end());
}

}  // namespace

data::Split selection_split(std::string_view text) {
  const auto part = part_of(text);
  base::require((part == "train" || part == "test") && part.size() + 1 < text.size(),
                "'{}' is not a selection of images ({})", text, forms);
  return part == "train" ? data::Split::train : data::Split::test;
}

Selection select(std::string_view text, const data::Dataset& source) {
  selection_split(text);
  Selection selection;
  auto rest = text.substr(part_of(text).size() + 1);
  while (true) {
    const auto end = std::min(rest.find(','), rest.size());
    add_piece(rest.substr(0, end), text, source, selection);
    if (end == rest.size()) break;
    rest.remove_prefix(end + 1);
  }
  selection.data = data::select(source, at::tensor(selection.items));
  return selection;
}

std::vector<std::int64_t> distinct(const Selection& selection) {
  std::set<std::int64_t> seen;
  std::vector<std::int64_t> places;
  for (std::size_t k = 0; k < selection.items.size(); ++k) {
    if (seen.insert(selection.items[k]).second) places.push_back(static_cast<std::int64_t>(k));
  }
  return places;
}

}  // namespace ranklens::study
