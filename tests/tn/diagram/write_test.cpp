#include <cmath>

#include <gmock/gmock.h>

#include "ranklens/tn/diagram/draw.h"
#include "ranklens/tn/diagram/geometry.h"
#include "ranklens/tn/diagram/parse.h"
#include "ranklens/tn/diagram/svg.h"

namespace ranklens::tn::diagram {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

Scene scene(const std::string& declarations, const std::string& diagram) {
  return draw(parse(declarations + "\ndiagram d: " + diagram, "'t'").diagrams[0]);
}

const Shape& only(const Scene& s, Form form) {
  const Shape* found = nullptr;
  for (const Shape& shape : s.shapes) {
    if (shape.form != form) continue;
    EXPECT_EQ(found, nullptr) << "two shapes of that form";
    found = &shape;
  }
  EXPECT_NE(found, nullptr);
  static const Shape none;
  return found ? *found : none;
}

TEST(DiagramScene, EachKindHasItsForm) {
  const std::pair<const char*, Form> cases[] = {
      {"tensor X[a:3,b:3]", Form::Circle},          {"isometry X[a:3;b:3]", Form::Triangle},
      {"unitary X[a:3;b:3]", Form::Square},         {"diagonal X[a:3,b:3]", Form::BarredCircle},
      {"symmetric X[a:3,b:3]", Form::DoubleCircle}, {"antisymmetric X[a:3,b:3]", Form::HalfCircle},
      {"positive X[a:3;b:3]", Form::Diamond},
  };
  for (const auto& [declaration, form] : cases) {
    only(scene(declaration, "X[a,b] -> a, b"), form);
  }
  only(scene("", "copy[a:3,b,c] -> a, b, c"), Form::Dot);
  only(scene("", "ones[a:3] -> a"), Form::OpenDot);
  only(scene("", "fuse[a:3,b:2;p] -> a, b, p"), Form::Wedge);
  only(scene("tensor x[a:3]", "relu(x[a]) -> a"), Form::Node);
  only(scene("tensor x[a:3]", "relu(x[a] + x[a]) -> a"), Form::Frame);
  only(scene("tensor x[a:3]", "{x[a]} -> a"), Form::Dashed);
  EXPECT_TRUE(scene("", "id[a:3,b:3] -> a, b").shapes.empty());
}

TEST(DiagramScene, PointsOfIsometriesShowTheirDirection) {
  const auto forward = scene("isometry U[a:4; b:2]", "U[a,b] -> a, b");
  EXPECT_EQ(only(forward, Form::Triangle).direction.x, 1);
  const auto back = scene("isometry U[a:4; b:2]", "U[a,b] -> b, a");
  // U stands alone: its first leg is on the left however the result is ordered.
  EXPECT_EQ(only(back, Form::Triangle).direction.x, 1);
  const auto mirrored = scene("isometry U[a:4; b:2] tensor x[a:4]", "U[a,b] x[a] -> b");
  EXPECT_EQ(only(mirrored, Form::Triangle).direction.x, -1);
}

TEST(DiagramScene, ThicknessGrowsWithTheLogarithmOfTheSize) {
  EXPECT_DOUBLE_EQ(thickness(8) - thickness(4), thickness(4) - thickness(2));
  EXPECT_GT(thickness(16), thickness(2));
  const auto s = scene("tensor A[a:2, b:64]", "A[a,b] -> a, b");
  ASSERT_EQ(s.lines.size(), 2u);
  EXPECT_DOUBLE_EQ(s.lines[0].width, thickness(2));
  EXPECT_DOUBLE_EQ(s.lines[1].width, thickness(64));
}

TEST(DiagramScene, NoWireRunsThroughATensor) {
  // The outer tensors of the row are joined past the middle ones.
  const auto s = scene("tensor A[a:2,b:2], T[a:2,b:2,c:2]",
                       "T[i,a,x]@(0,0) A[a,b]@(1,0) A[b,c]@(2,0) T[c,x,j]@(3,0) -> i, j");
  for (const Line& line : s.lines) {
    for (std::size_t k = 0; k + 3 < line.points.size(); k += 3) {
      const Cubic curve{line.points[k], line.points[k + 1], line.points[k + 2], line.points[k + 3]};
      for (int t = 0; t <= 20; ++t) {
        for (const Shape& shape : s.shapes) EXPECT_FALSE(inside(shape, at(curve, t / 20.0), -2));
      }
    }
  }
}

TEST(DiagramScene, LongEquationsGoOnInANewRow) {
  const std::string one = "tensor A[a:2,b:2] diagram d: A[a,b] A[b,c] A[c,e] -> a, e";
  const std::string many =
      "tensor A[a:2,b:2] diagram d: A[a,b] A[b,c] A[c,e] = A[a,b] A[b,c] A[c,e] = A[a,b] A[b,c] "
      "A[c,e] "
      "-> a, e";
  const auto row = draw(parse(one, "'t'").diagrams[0], {.most_width = 400});
  const auto rows = draw(parse(many, "'t'").diagrams[0], {.most_width = 400});
  EXPECT_LT(rows.right, 420);
  EXPECT_GT(rows.bottom, 2.5 * row.bottom);
}

/// The height of the label with that text.
double height_of(const Scene& s, const std::string& text) {
  for (const Text& t : s.texts) {
    if (t.text == text) return t.at.y;
  }
  ADD_FAILURE() << "no label " << text;
  return NAN;
}

TEST(DiagramScene, WedgesGroupFromTopToBottom) {
  for (const std::string order : {"j,k", "k,j"}) {
    for (const std::string& text :
         {"T[i,j,k] fuse[" + order + ";p]", "fuse[" + order + ";p] T[i,j,k]"}) {
      const auto s = scene("tensor T[i:2,j:3,k:4]", text + " -> i, p");
      EXPECT_EQ(height_of(s, "j") < height_of(s, "k"), order == "j,k") << text;
    }
  }
}

TEST(DiagramScene, AClosedLineIsACircle) {
  const auto s = scene("", "id[i:5,i]");
  ASSERT_EQ(s.lines.size(), 2u);
  const Point centre = 0.5 * (s.lines[0].points[0] + s.lines[0].points[3]);
  const double radius = std::abs(s.lines[0].points[0].x - centre.x);
  for (const Line& line : s.lines) {
    const Cubic curve{line.points[0], line.points[1], line.points[2], line.points[3]};
    const Point p = at(curve, 0.5) - centre;
    EXPECT_NEAR(std::hypot(p.x, p.y), radius, 1e-9);
  }
}

TEST(DiagramScene, ABareLineIsOneStroke) {
  const auto s = scene("", "id[a:3,b] -> a, b");
  ASSERT_EQ(s.lines.size(), 1u);
  EXPECT_DOUBLE_EQ(std::abs(s.lines[0].points[3].x - s.lines[0].points[0].x), 60);
  EXPECT_EQ(s.texts.size(), 2u);
  EXPECT_EQ(scene("", "id[a:3,b] -> a left, b down").lines.size(), 2u);
}

TEST(DiagramScene, AnIdentityMakesAnOpenLegLonger) {
  const auto reach = [](const std::string& text) {
    const auto s = scene("tensor A[i:3,j:3]", text + " -> i left, k right");
    return s.right - s.left;
  };
  EXPECT_GT(reach("A[i,j] id[j,k]"), reach("A[i,k]") + 20);
}

TEST(DiagramScene, TheOpenLegOfASumIsOnOneSide) {
  const auto s = scene("tensor W[o:4,i:6], x[i:6], b[o:4]", "W[o,i] x[i] + b[o] -> o");
  std::vector<int> anchors;
  for (const Text& t : s.texts) {
    if (t.text == "o") anchors.push_back(t.anchor);
  }
  EXPECT_EQ(anchors, (std::vector<int>{1, 1}));  // both end at the left of their line
}

TEST(DiagramScene, ASideThatARowHoldsIsNotBroken) {
  const auto s =
      draw(parse("tensor A[a:2,b:2] diagram d: A[a,b] A[b,c] = A[a,c] + A[c,a] -> a, c", "'t'")
               .diagrams[0],
           {.most_width = 320});
  std::vector<double> signs;
  for (const Text& t : s.texts) {
    if (t.role == Text::Role::Sign) signs.push_back(t.at.y);
  }
  ASSERT_EQ(signs.size(), 2u);
  EXPECT_EQ(signs[0], signs[1]);
  EXPECT_GT(signs[0], 40);  // in the second row
}

TEST(DiagramScene, WiresBetweenTrianglesAboveEachOtherAreUpright) {
  const auto s =
      scene("complex isometry U_1[i:4;a:2]", "U_1[i,a]@(0,0) U_1*[i,b]@(0,1) -> a right, b right");
  double upright = 0;
  for (const Line& line : s.lines) upright += line.points.front().x == line.points.back().x;
  EXPECT_EQ(upright, 1);
}

TEST(DiagramScene, NoLabelLiesOnAnother) {
  const auto s = scene("tensor G1[m:2,n:2,a:2], G2[a:2,m:2,n:2,b:2]",
                       "fuse[m1,m2,m3;o]@(1,-1.2) G1[m1,n1,a]@(0,0) G2[a,m2,n2,b]@(1,0)\n"
                       "G1[m3,n3,b]@(2,0) fuse[n1,n2,n3;i]@(1,1.2) -> o up, i down");
  ASSERT_EQ(s.texts.size(), 10u + 3u);
  for (std::size_t a = 0; a < s.texts.size(); ++a) {
    for (std::size_t b = 0; b < a; ++b) {
      const Text &one = s.texts[a], &two = s.texts[b];
      EXPECT_TRUE(std::abs(one.at.x - two.at.x) > (text_width(one) + text_width(two)) / 2 ||
                  std::abs(one.at.y - two.at.y) > 10)
          << one.text << " and " << two.text;
    }
  }
}

TEST(DiagramScene, EverythingLiesWithinTheBounds) {
  const auto s = scene("tensor A[a:2,b:2]", "A[a,b] A[b,c] + 2 A[c,a] = - A[a,c] -> a, c right");
  for (const Line& line : s.lines) {
    for (const Point& p : line.points) {
      EXPECT_GE(p.x, 0);
      EXPECT_LE(p.x, s.right);
      EXPECT_GE(p.y, 0);
      EXPECT_LE(p.y, s.bottom);
    }
  }
}

TEST(DiagramGeometry, PartsOfACurveLieOnIt) {
  const Cubic curve = bowed({0, 0}, {30, 10}, 8);
  const Cubic part = part_of(curve, 0.25, 0.75);
  for (int k = 0; k <= 4; ++k) {
    const Point p = at(part, k / 4.0), q = at(curve, 0.25 + 0.125 * k);
    EXPECT_NEAR(p.x, q.x, 1e-9);
    EXPECT_NEAR(p.y, q.y, 1e-9);
  }
  EXPECT_NEAR(at(curve, 0.5).x * -10 + at(curve, 0.5).y * 30, 8 * std::hypot(30, 10), 1e-9);
}

TEST(DiagramGeometry, CurvesEndAtTheEdgesOfBoxes) {
  const Shape box{.form = Form::Node, .centre = {0, 0}, .half_width = 20, .half_height = 10};
  const Cubic curve = clipped(straight({0, 0}, {40, 18}), &box, nullptr);
  EXPECT_NEAR(curve[0].x, 20, 1e-3);
}

TEST(DiagramGeometry, CurvesEndAtTheShapes) {
  const Shape circle{.centre = {0, 0}, .half_width = 10, .half_height = 10};
  const Shape triangle{
      .form = Form::Triangle, .centre = {50, 0}, .half_width = 10, .half_height = 8};
  const Cubic curve = clipped(straight({0, 0}, {50, 0}), &circle, &triangle);
  EXPECT_NEAR(curve[0].x, 10, 1e-3);
  EXPECT_NEAR(curve[3].x, 40, 1e-3);  // the flat side of the triangle
}

TEST(DiagramSvg, HasTheColourOfItsSurroundings) {
  const auto text = svg(scene("tensor A_12[i:3,j:3]", "A_12*[i,j] -> i, j"), "a <title>");
  EXPECT_THAT(text, HasSubstr("<title>a &lt;title&gt;</title>"));
  EXPECT_THAT(text, HasSubstr("stroke:currentColor"));
  EXPECT_THAT(text, HasSubstr("prefers-color-scheme:dark"));
  EXPECT_THAT(text, ContainsRegex(">A<tspan dy=\"4\" font-size=\"70%\">12</tspan>"));
  EXPECT_THAT(text, HasSubstr("leg i of size 3"));
  EXPECT_THAT(svg(scene("", "id[a:2,b:2] -> a,b"), "x", Style::OfPage), Not(HasSubstr("<style>")));
}

TEST(DiagramTikz, IsOnePictureWithoutCharactersOfTex) {
  const auto text = tikz(scene("isometry U_1[i:3;j:3] diagonal D[i:3,j:3]",
                               "{\"50 % & more\" U_1*[i,j]} D[j,k] -> i, k"),
                         "two\nlines");
  EXPECT_THAT(text, ::testing::StartsWith("% two lines\n\\begin{tikzpicture}"));
  EXPECT_THAT(text, ::testing::EndsWith("\\end{tikzpicture}\n"));
  EXPECT_THAT(text, HasSubstr("{$U_{1}^{*}$}"));
  EXPECT_THAT(text, HasSubstr("50 \\% \\& more"));
  EXPECT_THAT(text, HasSubstr("\\filldraw[isometry]"));
}

}  // namespace
}  // namespace ranklens::tn::diagram
