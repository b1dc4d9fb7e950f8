"""The inspector: inside one time step."""

from .view import InspectorView

__all__ = ["InspectorView"]
