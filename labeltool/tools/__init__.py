"""Tools turn pointer events into patches. No Qt here; one module a tool."""
