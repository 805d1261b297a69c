"""The certificate of a commissioning test, drawn. Loaded with the first certificate only: see `certificate`."""

from __future__ import annotations

from io import BytesIO
from xml.sax.saxutils import escape

from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from simulator.documents import pdf_ink  # noqa: F401 - it says how all our PDFs are written, whichever comes first
from simulator.documents.certificate import MARK, NOT_AFFILIATED, CertificateText

_INK, _QUIET, _LINE, _MARK = HexColor("#1c2230"), HexColor("#525c70"), HexColor("#d9dce5"), HexColor("#8a0f1b")
_MARGIN = 51
_EDGE = _MARGIN + 6
"""Where text begins: reportlab's frames keep six points inside the margin free."""
_BODY = ParagraphStyle("body", fontName="Helvetica", fontSize=10, leading=14, textColor=_INK)
_SMALL = ParagraphStyle("small", parent=_BODY, fontSize=9, leading=12)
_NAMES = ParagraphStyle("names", parent=_SMALL, textColor=_QUIET)
_HEADS = ParagraphStyle("heads", parent=_SMALL, fontName="Helvetica-Bold")
_TITLE = ParagraphStyle("title", parent=_BODY, fontName="Helvetica-Bold", fontSize=18, leading=23, spaceAfter=10)


def draw(text: CertificateText) -> bytes:
    """The PDF."""
    sink = BytesIO()
    width = A4[0] - 2 * _EDGE
    document = SimpleDocTemplate(
        sink, pagesize=A4, leftMargin=_MARGIN, rightMargin=_MARGIN, topMargin=96, bottomMargin=70, invariant=1,
        title=f"{MARK}: {text.title}", author="Flexibility platform simulator", lang="en-GB")
    content: list[Flowable] = [
        _paragraph(text.title, _TITLE), _paragraph(text.statement, _BODY), Spacer(0, 12),
        _table([[_paragraph(name, _NAMES), _paragraph(value, _BODY)] for name, value in text.facts],
               (120, width - 120)),
        Spacer(0, 18),
        _table([[_paragraph(head, _HEADS) for head in ("API", "Flow", "Seen (London time)", "Journal entry")],
                *([_paragraph(cell, _SMALL) for cell in row] for row in text.flows)],
               (105, width - 330, 160, 65))]
    document.build(content, onFirstPage=_around, onLaterPages=_around)
    return sink.getvalue()


def _paragraph(text: str, style: ParagraphStyle) -> Paragraph:
    return Paragraph(escape(text), style)


def _table(rows: list[list[Paragraph]], widths: tuple[float, ...]) -> Table:
    return Table(rows, colWidths=widths, style=TableStyle([
        ("VALIGN", (0, 0), (-1, -1), "TOP"), ("LINEBELOW", (0, 0), (-1, -1), 0.5, _LINE),
        ("LEFTPADDING", (0, 0), (-1, -1), 0), ("TOPPADDING", (0, 0), (-1, -1), 4),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 5)]))


def _around(canvas: Canvas, document: SimpleDocTemplate) -> None:
    """The mark above and below the content of every page."""
    width, height = A4
    canvas.saveState()
    canvas.setFillColor(_MARK)
    canvas.rect(0, height - 54, width, 54, stroke=0, fill=1)
    canvas.setFillColor(HexColor("#ffffff"))
    canvas.setFont("Helvetica-Bold", 20)
    canvas.drawString(_EDGE, height - 35, MARK)
    canvas.setFont("Helvetica", 10)
    canvas.drawRightString(width - _EDGE, height - 33, "not NESO’s platform")
    foot = _paragraph(NOT_AFFILIATED, _NAMES)
    foot.wrapOn(canvas, width - 2 * _EDGE, 40)
    foot.drawOn(canvas, _EDGE, 34)
    canvas.restoreState()
