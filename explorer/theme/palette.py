"""Fusion with an explicit palette and a small stylesheet, both from the tokens."""

from __future__ import annotations

from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication

from .theme import Theme, set_current
from .tokens import SPACE, Tokens, mix

_FRESH = "bptt fresh"
"""Property of an application without widgets that was made with the style: to ask for it costs ten milliseconds."""


def make_application(arguments: list[str]) -> QApplication:
    """Return the application, made with the style if there is none yet."""
    found = QApplication.instance()
    if isinstance(found, QApplication):
        return found
    made = QApplication([*arguments[:1], "-style", "fusion", *arguments[1:]])
    made.setProperty(_FRESH, True)
    return made


def apply(application: QApplication, theme: Theme) -> None:
    """Put ``theme`` in force for the whole application; every widget then gets a ``StyleChange``."""
    set_current(theme)
    if application.property(_FRESH):
        application.setProperty(_FRESH, False)
    elif application.style().objectName().lower() != "fusion":
        application.setStyle("Fusion")
    application.setFont(theme.font("body"))
    application.setPalette(qpalette(theme.tokens))
    application.setStyleSheet(stylesheet(theme))


def qpalette(tokens: Tokens) -> QPalette:
    """The tokens as a palette for every role that Fusion paints with."""
    role = QPalette.ColorRole
    colours = {
        role.Window: tokens.background,
        role.WindowText: tokens.text,
        role.Base: tokens.panel,
        role.AlternateBase: tokens.raised,
        role.Text: tokens.text,
        role.PlaceholderText: tokens.muted,
        role.Button: tokens.raised,
        role.ButtonText: tokens.text,
        role.BrightText: tokens.cut,
        role.ToolTipBase: tokens.raised,
        role.ToolTipText: tokens.text,
        role.Highlight: tokens.value,
        role.HighlightedText: tokens.on_accent,
        role.Link: tokens.value,
        role.LinkVisited: tokens.weight,
        role.Accent: tokens.value,
        role.Light: mix(tokens.text, tokens.raised, 0.15),
        role.Midlight: mix(tokens.text, tokens.raised, 0.08),
        role.Mid: tokens.line,
        role.Dark: tokens.line,
        role.Shadow: tokens.background,
    }
    palette = QPalette()
    for which, colour in colours.items():
        palette.setColor(which, QColor(colour))
    faded = QColor(mix(tokens.muted, tokens.panel, 0.6))
    for which in (role.WindowText, role.Text, role.ButtonText, role.HighlightedText):
        palette.setColor(QPalette.ColorGroup.Disabled, which, faded)
    palette.setColor(QPalette.ColorGroup.Disabled, role.Highlight, QColor(tokens.line))
    return palette


def stylesheet(theme: Theme) -> str:
    """What a palette cannot say: menus, tool tips, scroll bars, tabs, fields and tables in the tokens' colours."""
    t, px = theme.tokens, theme.px
    hover = mix(t.text, t.raised, 0.08)
    return f"""
QToolTip {{ color: {t.text}; background: {t.raised}; border: 1px solid {t.line}; padding: {px(4)}px {px(6)}px; }}
QMenuBar {{ background: {t.background}; color: {t.text}; }}
QMenuBar::item {{ background: transparent; padding: {px(4)}px {px(8)}px; }}
QMenuBar::item:selected {{ background: {hover}; border-radius: 4px; }}
QMenu {{ background: {t.panel}; color: {t.text}; border: 1px solid {t.line}; padding: {px(4)}px; }}
QMenu::item {{ padding: {px(5)}px {px(24)}px {px(5)}px {px(22)}px; border-radius: 4px; }}
QMenu::item:selected {{ background: {t.value}; color: {t.on_accent}; }}
QMenu::item:disabled {{ color: {mix(t.muted, t.panel, 0.6)}; }}
QMenu::separator {{ height: 1px; background: {t.line}; margin: {px(4)}px {px(6)}px; }}
QScrollBar:vertical {{ background: transparent; width: {px(10)}px; margin: 0; }}
QScrollBar:horizontal {{ background: transparent; height: {px(10)}px; margin: 0; }}
QScrollBar::handle {{ background: {t.line}; border-radius: {px(3)}px; margin: 2px; }}
QScrollBar::handle:vertical {{ min-height: {px(24)}px; }}
QScrollBar::handle:horizontal {{ min-width: {px(24)}px; }}
QScrollBar::handle:hover {{ background: {t.muted}; }}
QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
QTabBar::tab {{ background: transparent; color: {t.muted}; padding: {px(5)}px {px(12)}px;
    border: none; border-bottom: 2px solid transparent; }}
QTabBar::tab:selected {{ color: {t.text}; border-bottom: 2px solid {t.value}; }}
QTabBar::tab:hover {{ color: {t.text}; }}
QTabBar::tab:focus {{ background: {t.raised}; }}
QTabWidget::pane {{ border: none; }}
QLineEdit, QPlainTextEdit, QTextEdit, QListView, QTreeView, QTableView {{ background: {t.background};
    color: {t.text}; border: 1px solid {t.line}; border-radius: 4px; selection-background-color: {t.value};
    selection-color: {t.on_accent}; }}
QLineEdit {{ padding: {px(4)}px {px(6)}px; }}
QLineEdit:focus, QPlainTextEdit:focus, QTextEdit:focus, QListView:focus, QTreeView:focus, QTableView:focus {{
    border: 1px solid {t.value}; }}
QLineEdit[wrong="true"] {{ color: {t.cut}; border: 1px solid {t.cut}; }}
QAbstractSpinBox[wrong="true"] {{ color: {t.cut}; }}
QHeaderView::section {{ background: {t.raised}; color: {t.muted}; border: none;
    border-right: 1px solid {t.line}; padding: {px(3)}px {px(6)}px; }}
QTableView {{ gridline-color: {t.line}; }}
QMainWindow::separator {{ background: transparent; width: {SPACE.medium}px; height: {SPACE.medium}px; }}
QMainWindow::separator:hover {{ background: {t.line}; }}
QMainWindow > QTabBar::tab {{ padding: {px(3)}px {px(9)}px {px(4)}px {px(9)}px; }}
QSplitter::handle {{ background: transparent; }}
QSplitter::handle:hover {{ background: {t.line}; }}
"""
