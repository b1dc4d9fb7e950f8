"""What stands below the tabs: the last micro-step, the two streams, saturation."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from ...model.inspector_data import InspectorData, Streams
from ...model.saturation import Saturation
from ...theme.theme import current
from ...theme.tokens import RADIUS, SPACE
from ...widgets.elided import ElidedLabel
from ...widgets.paint import rounded
from .formulas import FormulaList, Section


class Details(QWidget):
    """The Now block, the box of the two streams and the saturation bars, one below the other."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.now_title = ElidedLabel("", role="body", bold=True)
        self.now = FormulaList(details=True)
        self.streams = StreamsBox()
        self.saturation = SaturationBars()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, SPACE.tight, 0)
        column.setSpacing(SPACE.small)
        column.addWidget(self.now_title)
        column.addWidget(self.now)
        column.addWidget(self.streams)
        column.addWidget(self.saturation)
        column.addStretch(1)

    def steady_height(self) -> int:
        """Room that suits most micro-steps. It depends on the cell alone, so that nothing jumps from step to step."""
        boxes = self.streams.sizeHint().height() + self.saturation.sizeHint().height()
        return current().px(34 + 150) + boxes + 3 * SPACE.small

    def set_data(self, data: InspectorData) -> None:
        """Show what ``data`` says."""
        told = data.now
        where = "" if data.here or data.progress.step is None else f" (at step {data.progress.step.t})"
        self.now_title.set_text(told.title + where)
        self.now_title.set_token("cut" if told.role == "cut" else "text")
        self.now.set_sections((Section(told.formulas, "", told.role, None, told.note),))
        self.streams.set_streams(data.streams, data.t)
        self.saturation.set_bars(data.saturation, data.saturation_rule)


class _Painted(QWidget):
    """A hand-painted strip of fixed height that follows the theme."""

    def __init__(self) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def rows(self) -> float:
        """Height in rows of text."""
        raise NotImplementedError

    def sizeHint(self) -> QSize:
        return QSize(260, int(self.rows() * current().px(22)))

    def minimumSizeHint(self) -> QSize:
        return QSize(160, self.sizeHint().height())

    def changeEvent(self, event: QEvent) -> None:
        if event.type() in (QEvent.Type.StyleChange, QEvent.Type.PaletteChange):
            self.updateGeometry()
            self.update()
        super().changeEvent(event)


class StreamsBox(_Painted):
    """Two coloured rows: from this step's loss, from the future."""

    def __init__(self) -> None:
        super().__init__()
        self._streams: Streams | None = None
        self._t = 0

    def set_streams(self, streams: Streams, t: int) -> None:
        """Show the streams into h at step ``t``."""
        if (streams, t) != (self._streams, self._t):
            self._streams, self._t = streams, t
            said = [f"{name}: {value}, {remark}" for name, _, value, remark in streams.rows]
            self.setAccessibleName(". ".join([streams.title, *said]))
            self.updateGeometry()
            self.update()

    def rows(self) -> float:
        return 3.9 if self._beside() else 5.5

    def _starts(self) -> tuple[float, list[float]]:
        """Where the numbers begin, and in each row the remark: after a number as wide as one can become."""
        theme = current()
        rows = self._streams.rows if self._streams is not None else ()
        names, numbers = QFontMetricsF(theme.font("label")), QFontMetricsF(theme.font("label", fixed=True))
        column = theme.px(14) + max((names.horizontalAdvance(r[0]) for r in rows), default=0.0) + theme.px(12)
        usual = numbers.horizontalAdvance("−0.00000")
        widths = [numbers.horizontalAdvance(r[2]) for r in rows]
        return column, [
            column + (max(usual, w) if len(r[2]) > 1 else w) + theme.px(10) for r, w in zip(rows, widths, strict=True)
        ]

    def _beside(self) -> bool:
        """Whether every remark fits beside its number."""
        rows = self._streams.rows if self._streams is not None else ()
        remarks = QFontMetricsF(current().font("small"))
        starts = self._starts()[1]
        return all(x + remarks.horizontalAdvance(r[3]) + 6 <= self.width() for x, r in zip(starts, rows, strict=True))

    def resizeEvent(self, event: object) -> None:
        self.updateGeometry()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._streams is None:
            return
        theme, painter = current(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rounded(painter, QRectF(self.rect()), RADIUS.band, theme.colour("raised"))
        row, x = theme.px(22), theme.px(14)
        y = theme.px(9)
        painter.setFont(theme.font("label", bold=True))
        painter.setPen(theme.colour("text"))
        head = self._streams.title.rsplit("_", 1)[0]
        painter.drawText(QRectF(x, y, self.width() - x, row), Qt.AlignmentFlag.AlignVCenter, head)
        wide = QFontMetricsF(theme.font("label", bold=True)).horizontalAdvance(head)
        painter.setFont(theme.font("tiny", bold=True))
        painter.drawText(QRectF(x + wide + 1, y + 4, 60, row), Qt.AlignmentFlag.AlignVCenter, str(self._t))
        column, starts = self._starts()
        one_line = self._beside()
        y += row
        middle = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        for (name, token, value, remark), beside in zip(self._streams.rows, starts, strict=True):
            painter.setFont(theme.font("label"))
            painter.setPen(theme.colour(token))
            painter.drawText(QRectF(x, y, self.width(), row), middle, name)
            painter.setFont(theme.font("label", fixed=True))
            painter.setPen(theme.colour("text"))
            painter.drawText(QRectF(column, y, self.width(), row), middle, value)
            painter.setFont(theme.font("small"))
            painter.setPen(theme.colour("muted"))
            if one_line:
                room = QRectF(beside, y, self.width() - beside - 8, row)
                said = QFontMetricsF(theme.font("small")).elidedText(remark, Qt.TextElideMode.ElideRight, room.width())
                painter.drawText(room, middle, said)
            else:
                y += theme.px(17)
                painter.drawText(QRectF(x, y, self.width() - x - 8, row), middle, remark)
            y += row


class SaturationBars(_Painted):
    """A bar for each gate: the share of its units that are saturated at this step, and the thresholds in words."""

    def __init__(self) -> None:
        super().__init__()
        self._bars: tuple[Saturation, ...] = ()
        self._rule = ""

    def set_bars(self, bars: tuple[Saturation, ...], rule: str) -> None:
        """Show one bar for each entry."""
        if (bars, rule) != (self._bars, self._rule):
            self._bars, self._rule = bars, rule
            said = [f"{b.name}: {_share(b)}" for b in bars]
            self.setAccessibleName(". ".join(["Saturation", *said, rule]))
            self.setToolTip(f"Saturated: {rule}")
            self.updateGeometry()
            self.update()

    def rows(self) -> float:
        return len(self._bars) + 2.2 if self._bars else 0.0

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._bars:
            return
        theme, painter = current(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        row = theme.px(22)
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.setFont(theme.font("label", bold=True))
        painter.setPen(theme.colour("text"))
        painter.drawText(QRectF(0, 0, self.width(), row), middle, "Saturation")
        names, shares = QFontMetricsF(theme.font("label")), QFontMetricsF(theme.font("small"))
        left = theme.px(8) + max(names.horizontalAdvance(b.name) for b in self._bars) + theme.px(12)
        right = max(shares.horizontalAdvance(_share(b)) for b in self._bars) + theme.px(12)
        length = max(20.0, self.width() - left - right)
        y = float(row)
        for bar in self._bars:
            painter.setFont(theme.font("label"))
            painter.setPen(theme.colour("muted"))
            painter.drawText(QRectF(theme.px(8), y, left, row), middle, bar.name)
            track = QRectF(left, y + row / 2 - theme.px(5), length, theme.px(10))
            rounded(painter, track, track.height() / 2, theme.colour("raised"))
            if bar.share:
                filled = QRectF(track.x(), track.y(), max(track.height(), length * bar.share), track.height())
                rounded(painter, filled, track.height() / 2, theme.colour("cut" if bar.warns else "weight"))
            painter.setFont(theme.font("small"))
            painter.setPen(theme.colour("muted"))
            painter.drawText(QRectF(left + length + theme.px(10), y, right, row), middle, _share(bar))
            y += row
        painter.setFont(theme.font("small"))
        rule = shares.elidedText(f"saturated: {self._rule}", Qt.TextElideMode.ElideRight, self.width())
        painter.drawText(QRectF(0, y, self.width(), row), middle, rule)


def _share(bar: Saturation) -> str:
    if bar.share is None:
        return "not computed yet"
    return f"{bar.share:.0%} · {bar.count} of {bar.units}".replace("%", " %")
