#include "ranklens/tn/diagram/scan.h"

#include <cmath>

#include <fmt/format.h>

#include "ranklens/base/error.h"
#include "ranklens/base/text.h"
#include "ranklens/base/utf8.h"

namespace ranklens::tn::diagram {

void fail_at(std::string_view what, Place place, const std::string& message) {
  base::fail("{}, line {}, column {}: {}", what, place.line, place.column, message);
}

namespace {

bool begins_word(unsigned char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c >= 0x80;
}
bool is_digit(unsigned char c) { return c >= '0' && c <= '9'; }

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
    const auto point = base::first_code_point(text_.substr(at_));
    if (!point) fail_at(what_, place_, "the text is not UTF-8 here");
    const auto character = text_.substr(at_, point->bytes);
    at_ += point->bytes;
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
