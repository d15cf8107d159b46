"""A figure as SVG and PDF from one drawing: what it consists of is laid out once, and told to both.

Both formats measure in points and place text by the same outlines, so that all that artists compute is the same for
both: ticks, boxes of text, paths in the figure's coordinates. matplotlib alone would compute it for each.
"""

from __future__ import annotations

import io
from typing import Any

from matplotlib.backend_bases import RendererBase
from matplotlib.backends.backend_pdf import PdfFile, RendererPdf
from matplotlib.backends.backend_svg import RendererSVG
from matplotlib.figure import Figure

POINTS = 72
TOLD = (
    "draw_path", "draw_markers", "draw_path_collection", "draw_quad_mesh", "draw_gouraud_triangles", "draw_image",
    "open_group", "close_group",
)  # fmt: skip
"""What artists say and both hear alike; y points up in both, but for text."""


class Both(RendererBase):
    """A renderer that tells two others; the PDF's answers what artists ask, as its states are the richer ones."""

    def __init__(self, pdf: RendererPdf, svg: RendererSVG) -> None:
        super().__init__()
        self.pdf, self.svg = pdf, svg
        for name in TOLD:
            setattr(self, name, self.telling(name))
        for name in (
            "new_gc", "points_to_pixels", "get_canvas_width_height", "get_text_width_height_descent", "flipy",
            "get_image_magnification", "option_image_nocomposite", "option_scale_image", "get_texmanager",
        ):  # fmt: skip
            setattr(self, name, getattr(pdf, name))

    def telling(self, name: str) -> Any:  # noqa: ANN401 - matplotlib's own
        """A method that passes on what it is given."""
        first, second = getattr(self.pdf, name), getattr(self.svg, name)

        def tell(*said: Any, **more: Any) -> None:  # noqa: ANN401 - matplotlib's own
            first(*said, **more)
            second(*said, **more)

        return tell

    def draw_text(self, gc: Any, x: float, y: float, s: str, *how: Any, **more: Any) -> None:  # noqa: ANN401
        """Text stands at a height above the lower edge in PDF, and below the upper one in SVG."""
        self.pdf.draw_text(gc, x, y, s, *how, **more)
        self.svg.draw_text(gc, x, self.svg.height - y, s, *how, **more)


def vectors(figure: Figure, pdf: dict[str, Any], svg: dict[str, Any]) -> dict[str, bytes]:
    """The figure in both formats, with what each file is to say of itself."""
    width, height = figure.get_size_inches()
    binary, text, usual = io.BytesIO(), io.StringIO(), figure.dpi
    file = PdfFile(binary, metadata=pdf)
    figure.dpi = POINTS
    try:
        file.newPage(width, height)
        both = Both(
            RendererPdf(file, usual, height, width),
            RendererSVG(width * POINTS, height * POINTS, text, image_dpi=usual, metadata=svg),
        )
        figure.draw(both)
        both.pdf.finalize()
        both.svg.finalize()
        file.finalize()
    finally:
        figure.dpi = usual
        file.close()
    return {"pdf": binary.getvalue(), "svg": text.getvalue().encode()}
