#include "ranklens/tn/diagram/sizes.h"

#include <optional>

#include <fmt/format.h>

#include "ranklens/tn/diagram/scan.h"

namespace ranklens::tn::diagram {
namespace {

class SizeFinder {
 public:
  SizeFinder(const Document& document, Diagram& diagram, std::string_view what)
      : document_(document), diagram_(diagram), what_(what) {}

  void run() {
    std::vector<const Factor*> specials;
    for (const Sum& side : diagram_.sides) written_sizes(side, specials);
    for (bool changed = true; changed;) {
      changed = false;
      for (const Factor* factor : specials) changed = carry(*factor) || changed;
    }
    for (const Sum& side : diagram_.sides) require_sizes(side);
  }

 private:
  bool set_size(const Leg& leg, std::int64_t size) {
    const auto [entry, fresh] = diagram_.sizes.try_emplace(leg.name, size);
    if (entry->second != size) fail_disagreement(what_, leg, entry->second, size);
    return fresh;
  }

  void written_sizes(const Sum& sum, std::vector<const Factor*>& specials) {
    for (const Term& term : sum) {
      for (const Factor& factor : term.factors) {
        if (factor.what != Factor::What::Tensor) {
          written_sizes(factor.inner, specials);
          continue;
        }
        const Declaration* declared = find(document_, factor.name);
        for (std::size_t k = 0; k < factor.legs.size(); ++k) {
          const Leg& leg = factor.legs[k];
          const auto known = document_.sizes.find(leg.name);
          if (known != document_.sizes.end()) set_size(leg, known->second);
          if (declared) set_size(leg, declared->sizes[k]);
          if (leg.size) set_size(leg, *leg.size);
        }
        if (!declared) specials.push_back(&factor);
      }
    }
  }

  std::optional<std::int64_t> size_of(const Leg& leg) const {
    const auto found = diagram_.sizes.find(leg.name);
    return found == diagram_.sizes.end() ? std::nullopt : std::optional(found->second);
  }

  /// What one built-in tensor says about the sizes of its legs; true if that was news.
  bool carry(const Factor& factor) {
    bool changed = false;
    if (factor.kind == Kind::Copy || factor.kind == Kind::Identity) {
      for (const Leg& from : factor.legs) {
        const auto size = size_of(from);
        if (!size) continue;
        for (const Leg& to : factor.legs) changed = set_size(to, *size) || changed;
        break;
      }
    } else if (factor.kind == Kind::Fuse) {
      std::vector<std::int64_t> parts;
      for (std::size_t k = 0; k < factor.split; ++k) {
        if (const auto size = size_of(factor.legs[k])) parts.push_back(*size);
      }
      if (parts.size() == factor.split) {
        changed = set_size(factor.legs.back(), product_of_sizes(parts, 0, parts.size()));
      }
    }
    return changed;
  }

  void require_sizes(const Sum& sum) const {
    for (const Term& term : sum) {
      for (const Factor& factor : term.factors) {
        require_sizes(factor.inner);
        for (const Leg& leg : factor.legs) {
          if (!size_of(leg)) {
            fail_at(
                what_, leg.place,
                fmt::format("the size of leg '{}' is not known: write {}:3", leg.name, leg.name));
          }
        }
      }
    }
  }

  const Document& document_;
  Diagram& diagram_;
  std::string_view what_;
};

}  // namespace

void find_sizes(const Document& document, Diagram& diagram, std::string_view what) {
  SizeFinder(document, diagram, what).run();
}

void fail_disagreement(std::string_view what, const Leg& leg, std::int64_t elsewhere,
                       std::int64_t here) {
  fail_at(what, leg.place,
          fmt::format("leg '{}' has size {} here and {} elsewhere", leg.name, here, elsewhere));
}

std::int64_t product_of_sizes(const std::vector<std::int64_t>& sizes, std::size_t from,
                              std::size_t to) {
  std::int64_t result = 1;
  // Saturates: sizes are at most 1e12, and what is larger than memory is refused where it is made.
  for (std::size_t k = from; k < to; ++k) {
    if (__builtin_mul_overflow(result, sizes[k], &result)) return INT64_MAX;
  }
  return result;
}

}  // namespace ranklens::tn::diagram
