#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ranklens/tn/diagram/document.h"

namespace ranklens::tn::diagram {

struct Token {
  enum class What { Word, Number, Text, Mark, End };
  What what = What::End;
  std::string text = {};  ///< a Text without its quotes
  double number = 0;
  Place place = {};
};

/// Throws base::Error "WHAT, line L, column C: MESSAGE".
[[noreturn]] void fail_at(std::string_view what, Place place, const std::string& message);

/// The tokens of `text`, an End behind them. `what` names the text in messages. Words are of
/// letters (all characters beyond ASCII are letters), digits, '_' and "'"; marks are one character,
/// or "->". A comment goes from '#' to the end of its line. Error for what is no UTF-8, for a
/// character that begins nothing, a text without its end, and a number that is none.
std::vector<Token> scan(std::string_view text, std::string_view what);

}  // namespace ranklens::tn::diagram
