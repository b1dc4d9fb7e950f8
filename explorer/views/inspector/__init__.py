"""The inspector: inside one time step."""

from .view import InspectorPanel, InspectorView

__all__ = ["InspectorPanel", "InspectorView"]
