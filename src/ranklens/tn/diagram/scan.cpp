#include "ranklens/tn/diagram/scan.h"

#include <cmath>

#include <fmt/format.h>

#include "ranklens/base/error.h"
#include "ranklens/base/text.h"

namespace ranklens::tn::diagram {

void fail_at(std::string_view what, Place place, const std::string& message) {
  base::fail("{}, line {}, column {}: {}", what, place.line, place.column, message);
}

namespace {

bool begins_word(unsigned char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c >= 0x80;
}
bool is_digit(unsigned char c) { return c >= '0' && c <= '9'; }

/// Bytes of the character that `rest` begins with; 0 where that is no UTF-8 (RFC 3629: no overlong
/// forms, no surrogates, nothing above U+10FFFF).
std::size_t utf8_length(std::string_view rest) {
  const auto byte = [&](std::size_t k) { return static_cast<unsigned char>(rest[k]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || rest.size() < length) return 0;
  for (std::size_t k = 1; k < length; ++k) {
    if ((byte(k) & 0xc0) != 0x80) return 0;
  }
  const bool overlong = (first == 0xe0 && byte(1) < 0xa0) || (first == 0xf0 && byte(1) < 0x90);
  const bool outside = (first == 0xed && byte(1) >= 0xa0) || (first == 0xf4 && byte(1) >= 0x90);
  return overlong || outside ? 0 : length;
}

class Scanner {
 public:
  Scanner(std::string_view text, std::string_view what) : text_(text), what_(what) {}

  std::vector<Token> all() {
    std::vector<Token> tokens;
    do {
      skip();
      tokens.push_back(next());
    } while (tokens.back().what != Token::What::End);
    return tokens;
  }

 private:
  bool done() const { return at_ == text_.size(); }
  unsigned char here() const { return static_cast<unsigned char>(text_[at_]); }

  /// Goes over one character and returns its bytes.
  std::string_view step() {
    const std::size_t length = utf8_length(text_.substr(at_));
    if (length == 0) fail_at(what_, place_, "the text is not UTF-8 here");
    const auto character = text_.substr(at_, length);
    at_ += length;
    if (character == "\n") {
      place_ = {place_.line + 1, 1};
    } else {
      ++place_.column;
    }
    return character;
  }

  void skip() {
    bool comment = false;
    for (; !done(); step()) {
      const unsigned char c = here();
      if (c == '#') comment = true;
      if (c == '\n') comment = false;
      if (!comment && c != ' ' && c != '\t' && c != '\r' && c != '\n') return;
    }
  }

  Token next() {
    Token token{.place = place_};
    if (done()) return token;
    const unsigned char c = here();
    if (begins_word(c)) {
      token.what = Token::What::Word;
      while (!done() && (begins_word(here()) || is_digit(here()) || here() == '\'')) {
        token.text += step();
      }
    } else if (is_digit(c) || c == '.') {
      read_number(token);
    } else if (c == '"') {
      read_text(token);
    } else {
      token.what = Token::What::Mark;
      token.text = step();
      if (token.text == "-" && !done() && here() == '>') token.text += step();
      if (std::string_view("[](){},;:=+-*@->").find(token.text) == std::string_view::npos) {
        fail_at(what_, token.place, fmt::format("'{}' begins nothing here", token.text));
      }
    }
    return token;
  }

  void read_number(Token& token) {
    token.what = Token::What::Number;
    const auto belongs = [&] {
      const unsigned char c = here();
      const bool sign = (c == '-' || c == '+') && !token.text.empty() &&
                        (token.text.back() == 'e' || token.text.back() == 'E');
      return is_digit(c) || c == '.' || c == 'e' || c == 'E' || sign;
    };
    while (!done() && belongs()) token.text += step();
    const auto value = base::parse_number<double>(token.text);
    if (!value || !std::isfinite(*value)) {
      fail_at(what_, token.place, fmt::format("'{}' is not a number", token.text));
    }
    token.number = *value;
  }

  void read_text(Token& token) {
    token.what = Token::What::Text;
    step();
    while (!done() && here() != '"' && here() != '\n') token.text += step();
    if (done() || here() == '\n') {
      fail_at(what_, token.place, "the text that begins here has no closing '\"' on its line");
    }
    step();
  }

  std::string_view text_, what_;
  std::size_t at_ = 0;
  Place place_;
};

}  // namespace

std::vector<Token> scan(std::string_view text, std::string_view what) {
  return Scanner(text, what).all();
}

}  // namespace ranklens::tn::diagram
