// SPDX-License-Identifier: Apache-2.0
#include "lib/video/text_picture.h"

#include <fontconfig/fontconfig.h>
#include <pango/pangocairo.h>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <memory>
#include <string_view>
#include <utility>

namespace reel3d {
namespace {

struct Free {
  void operator()(FcPattern* pattern) const { FcPatternDestroy(pattern); }
  void operator()(FcObjectSet* objects) const { FcObjectSetDestroy(objects); }
  void operator()(FcFontSet* fonts) const { FcFontSetDestroy(fonts); }
  void operator()(PangoContext* context) const { g_object_unref(context); }
  void operator()(PangoLayout* layout) const { g_object_unref(layout); }
  void operator()(PangoFontDescription* font) const { pango_font_description_free(font); }
  void operator()(cairo_surface_t* surface) const { cairo_surface_destroy(surface); }
  void operator()(cairo_t* cairo) const { cairo_destroy(cairo); }
};
template <class T>
using Handle = std::unique_ptr<T, Free>;

// Sets one line of text. All sizes are in pixels.
class Line {
 public:
  Line(PangoFontMap* fonts, const std::string& text)
      : context_(pango_font_map_create_context(fonts)), layout_(pango_layout_new(context_.get())) {
    pango_layout_set_single_paragraph_mode(layout_.get(), 1);
    // The line begins at the left, also if its first word runs from right to left.
    pango_layout_set_auto_dir(layout_.get(), 0);
    pango_layout_set_ellipsize(layout_.get(), PANGO_ELLIPSIZE_MIDDLE);
    pango_layout_set_text(layout_.get(), text.data(), static_cast<int>(text.size()));
  }

  // Gives the line the largest font with which it is at most `height` high. Scripts need lines of
  // different heights.
  void FitHeight(int height) {
    SetFontSize(height);
    SetFontSize(static_cast<double>(height) * height / std::max(height, Height()));
  }
  void LimitWidth(int width) { pango_layout_set_width(layout_.get(), width * PANGO_SCALE); }

  int Width() const { return Size().first; }
  int Height() const { return Size().second; }
  int NumMissing() const { return pango_layout_get_unknown_glyphs_count(layout_.get()); }
  bool IsShortened() const { return pango_layout_is_ellipsized(layout_.get()) != 0; }
  void Draw(cairo_t* cairo) const { pango_cairo_show_layout(cairo, layout_.get()); }

 private:
  void SetFontSize(double size) {
    const Handle<PangoFontDescription> font(pango_font_description_from_string("Sans Bold"));
    pango_font_description_set_absolute_size(font.get(), size * PANGO_SCALE);
    pango_layout_set_font_description(layout_.get(), font.get());
  }
  std::pair<int, int> Size() const {
    int width = 0, height = 0;
    pango_layout_get_pixel_size(layout_.get(), &width, &height);
    return {width, height};
  }

  Handle<PangoContext> context_;
  Handle<PangoLayout> layout_;
};

}  // namespace

// Pango takes only these two formats.
bool HasFonts() {
  const Handle<FcPattern> any(FcPatternCreate());
  const Handle<FcObjectSet> format(FcObjectSetBuild(FC_FONTFORMAT, nullptr));
  const Handle<FcFontSet> fonts(FcFontList(nullptr, any.get(), format.get()));
  if (!fonts) {
    return false;
  }
  return std::any_of(fonts->fonts, fonts->fonts + fonts->nfont, [](const FcPattern* font) {
    FcChar8* name = nullptr;
    if (FcPatternGetString(font, FC_FONTFORMAT, 0, &name) != FcResultMatch) {
      return false;
    }
    const std::string_view found(reinterpret_cast<const char*>(name));
    return found == "TrueType" || found == "CFF";
  });
}

// The default map of Pango belongs to its first thread, so each painter has a map of its own.
TextPainter::TextPainter() : fonts_(pango_cairo_font_map_new(), g_object_unref) {}

TextPicture TextPainter::Draw(const std::string& text, int height, int max_width) const {
  Line line(static_cast<PangoFontMap*>(fonts_.get()), text);
  line.FitHeight(height);
  line.LimitWidth(max_width);
  TextPicture picture;
  picture.width = std::clamp(line.Width(), 1, std::max(1, max_width));
  picture.height = height;
  picture.num_missing = line.NumMissing();
  picture.is_shortened = line.IsShortened();
  const Handle<cairo_surface_t> surface(
      cairo_image_surface_create(CAIRO_FORMAT_RGB24, picture.width, picture.height));
  const Handle<cairo_t> cairo(cairo_create(surface.get()));
  cairo_set_source_rgb(cairo.get(), 1, 1, 1);
  const int above = (height - line.Height()) / 2;
  cairo_move_to(cairo.get(), 0, above);
  line.Draw(cairo.get());
  cairo_surface_flush(surface.get());
  const unsigned char* bytes = cairo_image_surface_get_data(surface.get());
  const int stride = cairo_image_surface_get_stride(surface.get());
  for (int y = 0; bytes != nullptr && y < height; ++y) {
    const auto* row = reinterpret_cast<const uint32_t*>(bytes + ptrdiff_t{y} * stride);
    std::transform(row, row + picture.width, std::back_inserter(picture.pixels), [](uint32_t rgb) {
      return RgbColor{static_cast<uint8_t>(rgb >> 16U), static_cast<uint8_t>(rgb >> 8U),
                      static_cast<uint8_t>(rgb)};
    });
  }
  picture.pixels.resize(static_cast<size_t>(picture.width) * static_cast<size_t>(height));
  return picture;
}

}  // namespace reel3d
